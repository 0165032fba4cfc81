/* specialize.c: what a kernel may assume of its arguments' values, and the parameter that stands for each assumption.
 *
 * The rules are the language's: the integer 1 is a constant; an integer or an address that is a multiple of 16 is
 * remembered to be one; an integer is 32 bits wide if it fits, else 64, else 64 unsigned.
 */
#include "run/run.h"

enum { ALIGNMENT = 16 };

uint32_t ttc_spec_int(int64_t value, uint32_t flags) {
  if (value == 1 && !(flags & TTC_SPEC_NO_VALUE)) return TTC_SPEC_ONE;
  uint32_t spec = value >= INT32_MIN && value <= INT32_MAX ? TTC_SPEC_I32 : TTC_SPEC_I64;
  if (!(flags & (TTC_SPEC_NO_VALUE | TTC_SPEC_NO_ALIGNMENT)) && value % ALIGNMENT == 0) spec |= TTC_SPEC_DIVISIBLE;
  return spec;
}

uint32_t ttc_spec_uint(uint64_t value, uint32_t flags) {
  if (value <= INT64_MAX) return ttc_spec_int((int64_t)value, flags);
  bool known = !(flags & (TTC_SPEC_NO_VALUE | TTC_SPEC_NO_ALIGNMENT)) && value % ALIGNMENT == 0;
  return TTC_SPEC_U64 | (known ? TTC_SPEC_DIVISIBLE : 0u);
}

uint32_t ttc_spec_pointer(uintptr_t address, uint32_t flags) {
  bool known = !(flags & (TTC_SPEC_NO_VALUE | TTC_SPEC_NO_ALIGNMENT)) && address % ALIGNMENT == 0;
  return TTC_SPEC_POINTER | (known ? TTC_SPEC_DIVISIBLE : 0u);
}

ttc_param ttc_spec_param(uint32_t spec, const char *name, const char *type) {
  ttc_param p = {.name = name, .type = type};
  if (spec & TTC_SPEC_ONE) {
    p.type = "constexpr";
    p.constant = (ttc_value){.kind = TTC_INT, .integer = 1};
  } else if (!(spec & TTC_SPEC_POINTER)) {
    p.type = spec & TTC_SPEC_I32 ? "i32" : spec & TTC_SPEC_I64 ? "i64" : "u64";
  }
  if (spec & TTC_SPEC_DIVISIBLE) p.divisibility = ALIGNMENT;
  return p;
}
