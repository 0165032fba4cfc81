/* object.c: an object file as assembler text within a C source.
 *
 * Problem. A kernel's machine code, with its constants and its calls of the run-time library, is to be part of a C
 * source that any C compiler for that processor makes an object of. Objects of several compiles define the same names.
 *
 * Idea. The assembler behind the C compiler takes bytes and relocations as well as instructions. So each section that is
 * loaded becomes `.quad` and `.byte` lines, and each relocation a `.reloc` line, in terms of a label at the section's
 * beginning: names within the object are gone, and with them the clashes. Only names that the object does not define stay:
 * functions of the run-time library and of C. No instruction is assembled, so an old assembler does.
 *
 * Left out: debug information, and unwinding tables, for nothing unwinds through a kernel. Sections of constants are not
 * marked for merging, because labels into such sections would have to be one for each constant.
 *
 * Invariant. Every offset read from the object is checked against its length: a damaged object is an error.
 *
 * Cost: linear in the object.
 */
#include "aot/internal.h"

#include <string.h>

enum { ELF_HEADER = 64, SECTION_HEADER = 64, SYMBOL = 24, RELA = 24 };
enum { SHT_PROGBITS = 1, SHT_RELA = 4, SHT_NOBITS = 8, SHF_WRITE = 1, SHF_ALLOC = 2, SHF_EXECINSTR = 4 };

typedef struct Section {
  const char *name;
  uint32_t type, link, info;
  uint64_t flags, offset, size, align;
} Section;

typedef struct Object {
  Ctx *cx;
  const char *bytes;
  size_t len;
  uint16_t machine;
  Section *sections;
  uint32_t nsections;
} Object;

static _Noreturn void damaged(const Object *o) {
  ctx_fail(o->cx, ERR_INTERNAL, "an object that the code generator made is not as expected");
}

/* `n` bytes at `offset`, little-endian. */
static uint64_t number(const Object *o, uint64_t offset, int n) {
  if (offset > o->len || o->len - offset < (uint64_t)n) damaged(o);
  uint64_t x = 0;
  for (int i = n; i-- > 0;) x = x << 8 | (uint8_t)o->bytes[offset + (uint64_t)i];
  return x;
}

static const char *string_at(const Object *o, const Section *strings, uint64_t at) {
  if (at >= strings->size || strings->offset > o->len || o->len - strings->offset < strings->size) damaged(o);
  const char *s = o->bytes + strings->offset + at;
  if (!memchr(s, 0, strings->size - at)) damaged(o);
  return s;
}

static const Section *section(const Object *o, uint64_t i) {
  if (i >= o->nsections) damaged(o);
  return &o->sections[i];
}

static void read_sections(Object *o) {
  if (o->len < ELF_HEADER || memcmp(o->bytes, "\177ELF\2\1", 6) != 0) damaged(o);
  o->machine = (uint16_t)number(o, 18, 2);
  uint64_t at = number(o, 40, 8);
  o->nsections = (uint32_t)number(o, 60, 2);
  o->sections = NEWN(o->cx, Section, o->nsections + 1);
  for (uint32_t i = 0; i < o->nsections; i++, at += SECTION_HEADER) {
    o->sections[i] = (Section){.type = (uint32_t)number(o, at + 4, 4),
                               .flags = number(o, at + 8, 8),
                               .offset = number(o, at + 24, 8),
                               .size = number(o, at + 32, 8),
                               .link = (uint32_t)number(o, at + 40, 4),
                               .info = (uint32_t)number(o, at + 44, 4),
                               .align = number(o, at + 48, 8)};
    if (o->sections[i].type != SHT_NOBITS) (void)number(o, o->sections[i].offset + o->sections[i].size, 0);
  }
  const Section *names = section(o, number(o, 62, 2));
  for (uint32_t i = 0; i < o->nsections; i++)
    o->sections[i].name = string_at(o, names, number(o, number(o, 40, 8) + (uint64_t)i * SECTION_HEADER, 4));
}

static bool is_kept(const Section *s) {
  return s->flags & SHF_ALLOC && s->size && (s->type == SHT_PROGBITS || s->type == SHT_NOBITS) &&
         strcmp(s->name, ".eh_frame") != 0;
}

static const char *relocation_name(const Object *o, uint32_t type) {
  static const struct {
    uint16_t machine;
    uint32_t type;
    const char *name;
  } names[] = {
#define RELOCATION(machine, type, name) {machine, type, name},
#include "aot/relocations.def"
#undef RELOCATION
  };
  for (size_t i = 0; i < COUNT(names); i++)
    if (names[i].machine == o->machine && names[i].type == type) return names[i].name;
  ctx_fail(o->cx, ERR_INTERNAL, "the code generator made a relocation of kind %u, which has no name here", type);
}

/* The symbol's place: a label and an offset, or a name that is defined elsewhere. */
typedef struct Symbol {
  const char *name;
  uint64_t section, value; /* section 0: elsewhere */
} Symbol;

static Symbol symbol(const Object *o, const Section *table, uint64_t index) {
  if (index >= table->size / SYMBOL) damaged(o);
  uint64_t at = table->offset + index * SYMBOL;
  return (Symbol){string_at(o, section(o, table->link), number(o, at, 4)), number(o, at + 6, 2), number(o, at + 8, 8)};
}

/* The lines are C strings. */
static void put_bytes(Buf *out, const Object *o, const Section *s) {
  enum { QUADS = 5 };
  uint64_t i = 0;
  if (s->type == SHT_NOBITS) {
    buf_printf(out, "  \".zero %llu\\n\"\n", (unsigned long long)s->size);
    return;
  }
  while (s->size - i >= 8) {
    buf_puts(out, "  \".quad ");
    for (int k = 0; k < QUADS && s->size - i >= 8; k++, i += 8)
      buf_printf(out, "%s0x%llx", k ? "," : "", (unsigned long long)number(o, s->offset + i, 8));
    buf_puts(out, "\\n\"\n");
  }
  if (i == s->size) return;
  buf_puts(out, "  \".byte ");
  for (const char *comma = ""; i < s->size; i++, comma = ",")
    buf_printf(out, "%s%llu", comma, (unsigned long long)number(o, s->offset + i, 1));
  buf_puts(out, "\\n\"\n");
}

static void put_relocations(Buf *out, const Object *o, const Section *r, const char *label) {
  const Section *symbols = section(o, r->link);
  for (uint64_t at = r->offset; at - r->offset + RELA <= r->size; at += RELA) {
    uint64_t info = number(o, at + 8, 8);
    int64_t addend = (int64_t)number(o, at + 16, 8);
    Symbol s = symbol(o, symbols, info >> 32);
    buf_printf(out, "  \".reloc .L%s_%u+%llu, %s, ", label, r->info, (unsigned long long)number(o, at, 8),
               relocation_name(o, (uint32_t)info));
    if (s.section)
      buf_printf(out, ".L%s_%llu%+lld\\n\"\n", label, (unsigned long long)s.section, (long long)s.value + addend);
    else
      buf_printf(out, "%s%+lld\\n\"\n", s.name, (long long)addend);
  }
}

/* Which section, and where in it, the function `name` begins. */
static Symbol find_function(const Object *o, const char *name) {
  for (uint32_t i = 0; i < o->nsections; i++) {
    const Section *table = &o->sections[i];
    if (table->type != 2) continue;
    for (uint64_t k = 0; k < table->size / SYMBOL; k++) {
      Symbol s = symbol(o, table, k);
      if (s.section && strcmp(s.name, name) == 0) return s;
    }
  }
  damaged(o);
}

void aot_object(Buf *out, const char *object, size_t len, const char *from, const char *to, const char *label) {
  Object o = {.cx = out->cx, .bytes = object, .len = len};
  read_sections(&o);
  Symbol entry = find_function(&o, from);
  buf_puts(out, "__asm__(\n");
  for (uint32_t i = 0; i < o.nsections; i++) {
    const Section *s = &o.sections[i];
    if (!is_kept(s)) continue;
    bool code = s->flags & SHF_EXECINSTR, data = s->flags & SHF_WRITE;
    buf_printf(out, "  \".pushsection %s.%s_%u,\\\"%s\\\",%%%s\\n\"\n",
               code   ? ".text"
               : data ? ".data.rel.ro"
                      : ".rodata",
               label, i,
               code   ? "ax"
               : data ? "aw"
                      : "a",
               s->type == SHT_NOBITS ? "nobits" : "progbits");
    buf_printf(out, "  \".balign %llu\\n.L%s_%u:\\n\"\n", (unsigned long long)(s->align ? s->align : 1), label, i);
    put_bytes(out, &o, s);
    if (entry.section == i) {
      buf_printf(out, "  \".globl %s\\n.hidden %s\\n.type %s,%%function\\n\"\n", to, to, to);
      buf_printf(out, "  \".set %s,.L%s_%u+%llu\\n\"\n", to, label, i, (unsigned long long)entry.value);
    }
    for (uint32_t r = 0; r < o.nsections; r++)
      if (o.sections[r].type == SHT_RELA && o.sections[r].info == i) put_relocations(out, &o, &o.sections[r], label);
    buf_puts(out, "  \".popsection\\n\"\n");
  }
  buf_puts(out, ");\n");
}
