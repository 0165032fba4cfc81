/* cubin.c: what a cubin says of a kernel. A cubin is a 64-bit ELF file; the kernel's code is section .text.NAME, whose
 * sh_info holds the register count in its upper byte; static shared memory is the size of .nv.shared.NAME; .nv.info
 * holds records (format, attribute, size or value) of which 0x1104 is a frame size and 0x2f04 the register count by
 * symbol, .nv.info.NAME such of the kernel's own, one of 0x1704 for each parameter. .debug_line has a piece for each
 * function, in which the one address that is set is relocated by the function's symbol.
 */
#include "nvidia/nvidia.h"

#include <string.h>

typedef struct Header {
  unsigned char ident[16];
  uint16_t type, machine;
  uint32_t version;
  uint64_t entry, phoff, shoff;
  uint32_t flags;
  uint16_t ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
} Header;

typedef struct Section {
  uint32_t name, type;
  uint64_t flags, addr, offset, size;
  uint32_t link, info;
  uint64_t addralign, entsize;
} Section;

typedef struct Elf {
  const unsigned char *bytes;
  size_t len;
  Header head;
  Section strings, symbols, symbol_strings;
} Elf;

static bool section(const Elf *e, unsigned i, Section *s) {
  uint64_t at = e->head.shoff + (uint64_t)i * e->head.shentsize;
  if (i >= e->head.shnum || at > e->len || e->len - at < sizeof *s) return false;
  memcpy(s, e->bytes + at, sizeof *s);
  return s->type == 8 || (s->offset <= e->len && s->size <= e->len - s->offset); /* 8: no bytes in the file */
}

static bool name_is(const Elf *e, const Section *strings, uint32_t at, const char *prefix, const char *name) {
  size_t n = strlen(prefix), m = strlen(name);
  if (strings->offset > e->len || at >= strings->size || strings->size - at < n + m + 1) return false;
  const char *s = (const char *)e->bytes + strings->offset + at;
  return memcmp(s, prefix, n) == 0 && memcmp(s + n, name, m + 1) == 0;
}

static int symbol_index(const Elf *e, const char *name) {
  for (uint64_t at = 0, i = 0; at + 24 <= e->symbols.size; at += 24, i++) {
    uint32_t str;
    memcpy(&str, e->bytes + e->symbols.offset + at, sizeof str);
    if (name_is(e, &e->symbol_strings, str, "", name)) return (int)i;
  }
  return -1;
}

static void read_info(const Elf *e, const Section *s, int symbol, Cubin *out) {
  const unsigned char *p = e->bytes + s->offset, *end = p + s->size;
  while (end - p >= 4) {
    uint16_t size;
    memcpy(&size, p + 2, 2);
    if (p[0] == 4 && end - p >= 4 + size) {
      uint32_t pair[2] = {0};
      if (size >= 8) memcpy(pair, p + 4, 8);
      if (size >= 8 && (int)pair[0] == symbol && p[1] == 0x11) out->stack = (int)pair[1];
      if (size >= 8 && (int)pair[0] == symbol && p[1] == 0x2f) out->regs = (int)pair[1];
      out->params += p[1] == 0x17;
      p += size;
    }
    p += 4;
  }
}

static bool open_elf(Elf *e, const void *bytes, size_t len) {
  *e = (Elf){.bytes = bytes, .len = len};
  if (!bytes || len < sizeof e->head) return false;
  memcpy(&e->head, bytes, sizeof e->head);
  if (memcmp(e->head.ident, "\177ELF\2", 5) != 0 || !section(e, e->head.shstrndx, &e->strings)) return false;
  Section s;
  for (unsigned i = 0; i < e->head.shnum; i++)
    if (section(e, i, &s) && s.type == 2 && section(e, s.link, &e->symbol_strings)) e->symbols = s;
  return true;
}

bool nvidia_cubin_resources(const void *bytes, size_t len, const char *entry, Cubin *out) {
  Elf e;
  Section s;
  if (!open_elf(&e, bytes, len)) return false;
  int symbol = symbol_index(&e, entry);
  bool found = false;
  for (unsigned i = 0; i < e.head.shnum; i++) {
    if (!section(&e, i, &s)) continue;
    if (name_is(&e, &e.strings, s.name, ".text.", entry)) {
      found = true;
      if (out->regs < 0) out->regs = (int)(s.info >> 24);
    }
    if (name_is(&e, &e.strings, s.name, ".nv.shared.", entry)) out->shared = (int)s.size;
    if (name_is(&e, &e.strings, s.name, ".nv.", "info")) read_info(&e, &s, symbol, out);
    if (name_is(&e, &e.strings, s.name, ".nv.info.", entry)) read_info(&e, &s, -1, out);
  }
  return found;
}

/* The number of the section called prefix and name, 0: there is none. */
static unsigned section_named(const Elf *e, const char *prefix, const char *name, Section *out) {
  for (unsigned i = 1; i < e->head.shnum; i++)
    if (section(e, i, out) && out->type != 8 && name_is(e, &e->strings, out->name, prefix, name)) return i;
  return 0;
}

/* ---- waiting for memory ------------------------------------------------------------------------------------------ */

/* An instruction is 16 bytes, since Volta. Its lower 12 bits are its kind. Bits 110 to 112 are the barrier, of six, that its result
 * arrives at, bits 116 to 121 the barriers that it waits for before it is issued. */
int nvidia_cubin_waits(const void *bytes, size_t len, const char *entry) {
  enum { LDG = 0x981, BARRIERS = 6 };
  Elf e;
  Section s;
  int times = 0;
  if (!open_elf(&e, bytes, len) || !section_named(&e, ".text.", entry, &s)) return 0;
  unsigned pending = 0;
  for (uint64_t at = 0; at + 16 <= s.size; at += 16) {
    uint64_t word[2];
    memcpy(word, e.bytes + s.offset + at, sizeof word);
    unsigned waits = word[1] >> 52 & 63, barrier = word[1] >> 46 & 7;
    if (pending & waits) times++;
    pending &= ~waits;
    if ((word[0] & 0xfff) == LDG && barrier < BARRIERS) pending |= 1u << barrier;
  }
  return times;
}

/* ---- lines of the source ----------------------------------------------------------------------------------------- */

/* Of the section that the n-th relocated address lies in: relocations are (where, symbol << 32 | kind, …), symbols
 * (name, kind, section at byte 6, …). */
static unsigned section_of_address(const Elf *e, const Section *relocations, uint64_t n) {
  uint64_t entry = relocations->type == 4 ? 24 : 16, info, symbol;
  uint16_t index;
  if ((n + 1) * entry > relocations->size) return 0;
  memcpy(&info, e->bytes + relocations->offset + n * entry + 8, sizeof info);
  symbol = info >> 32;
  if ((symbol + 1) * 24 > e->symbols.size) return 0;
  memcpy(&index, e->bytes + e->symbols.offset + symbol * 24 + 6, sizeof index);
  return index;
}

void nvidia_cubin_lines(Ctx *cx, const void *bytes, size_t len, const char *entry, CodeLines *out) {
  Elf e;
  Section lines, code, relocations;
  if (!open_elf(&e, bytes, len) || !section_named(&e, ".debug_", "line", &lines)) return;
  unsigned wanted = section_named(&e, ".text.", entry, &code);
  bool relocated =
      section_named(&e, ".rela", ".debug_line", &relocations) || section_named(&e, ".rel", ".debug_line", &relocations);
  CodeLines all = {0};
  lines_read(cx, e.bytes + lines.offset, lines.size, &all);
  uint64_t piece = 0;
  for (uint32_t i = 0; i < all.len; i++) {
    if (!relocated || section_of_address(&e, &relocations, piece) == wanted) vec_push(cx, out, all.at[i]);
    piece += all.at[i].ends;
  }
}
