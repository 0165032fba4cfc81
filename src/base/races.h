/* races.h: data races among programs that run concurrently; races.c has the algorithm. */
#ifndef TRITONC_RACES_H
#define TRITONC_RACES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum RaceAccess { RACE_READ, RACE_WRITE, RACE_ATOMIC } RaceAccess;

typedef struct RaceRegion {
  uintptr_t base;
  size_t size;
} RaceRegion;

/* The earlier of two accesses that race. */
typedef struct RaceFound {
  RaceAccess access;
  int64_t program; /* -1: unknown */
  uint32_t site;   /* UINT32_MAX: not known */
  size_t at;       /* the first byte of the access that both touch */
} RaceFound;

/* All functions are thread-safe, but for races_new() and races_free(). */
typedef struct Races Races;
/* `grain`: the fewest bytes of an access, 1, 2, 4, ... NULL: out of memory. */
Races *races_new(const RaceRegion *regions, size_t n, size_t grain);
void races_free(Races *r);
/* `program` accesses [address, address + bytes), which lies in region number `region`; `site` is the caller's number of
 * the place in the code. True: that is a race, with `found`. */
bool races_access(Races *r, size_t region, uint64_t program, uint32_t site, RaceAccess access, uintptr_t address,
                  size_t bytes, RaceFound *found);
/* Has any program written all of it? */
bool races_written(const Races *r, size_t region, uintptr_t address, size_t bytes);
/* Release: what the program did so far is ordered before later acquires. Acquire: after earlier releases. */
void races_release(Races *r, uint64_t program);
void races_acquire(Races *r, uint64_t program);

#endif
