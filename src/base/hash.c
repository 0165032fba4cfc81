/* hash.c: a fast hash of bytes, after the MurmurHash family: eight bytes a step, a strong finish. Not cryptographic. */
#include "base/internal.h"

#include <string.h>

static uint64_t mix(uint64_t x) {
  x ^= x >> 32;
  x *= UINT64_C(0xd6e8feb86659fd93);
  x ^= x >> 32;
  x *= UINT64_C(0xd6e8feb86659fd93);
  return x ^ (x >> 32);
}

uint64_t hash_bytes(const void *data, size_t n, uint64_t seed) {
  const unsigned char *p = data;
  uint64_t h = seed ^ (n * UINT64_C(0x9e3779b97f4a7c15)), word;
  for (; n >= 8; p += 8, n -= 8) {
    memcpy(&word, p, 8);
    word *= UINT64_C(0x9e3779b97f4a7c15);
    word ^= word >> 29;
    h = (h ^ word) * UINT64_C(0xbf58476d1ce4e5b9);
    h ^= h >> 31;
  }
  word = 0;
  if (n) memcpy(&word, p, n);
  return mix(h ^ word);
}
