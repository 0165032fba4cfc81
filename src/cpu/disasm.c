/* disasm.c: assembly text from object code.
 *
 * Generating code twice, once as text and once as an object, would double the longest part of a compile; reading the object
 * back costs about a microsecond an instruction. Two walks over each text section: the first collects the targets of
 * branches, the second prints, with a label at each target and the symbol of its relocation for each operand that has
 * one.
 */
#include "cpu/internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <llvm-c/Core.h>
#include <llvm-c/Disassembler.h>
#include <llvm-c/Object.h>

typedef struct Reloc {
  uint64_t offset;
  const char *text;
} Reloc;

typedef struct Disasm {
  Ctx *cx;
  Vec(uint64_t) targets; /* of branches; sorted and unique after the first walk */
  Vec(Reloc) relocs;     /* of the current section, by offset */
  bool naming;           /* second walk */
  CodeLines lines;       /* by address; the one that holds: */
  uint32_t line;         /* its number plus one */
  Map files;             /* those that were named, to their number */
  char label[32];
} Disasm;

static int by_address(const void *a, const void *b) {
  uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
  return x < y ? -1 : x > y;
}

static int by_offset(const void *a, const void *b) {
  uint64_t x = ((const Reloc *)a)->offset, y = ((const Reloc *)b)->offset;
  return x < y ? -1 : x > y;
}

static int label_of(const Disasm *d, uint64_t address) {
  const uint64_t *at =
      d->targets.len ? bsearch(&address, d->targets.at, d->targets.len, sizeof address, by_address) : NULL;
  return at ? (int)(at - d->targets.at) : -1;
}

static const char *on_symbol(void *arg, uint64_t value, uint64_t *kind, uint64_t pc, const char **name) {
  (void)pc;
  Disasm *d = arg;
  bool branch = *kind == LLVMDisassembler_ReferenceType_In_Branch;
  *kind = LLVMDisassembler_ReferenceType_InOut_None;
  *name = NULL;
  if (!branch) return NULL;
  if (!d->naming) {
    vec_push(d->cx, &d->targets, value);
    return NULL;
  }
  int label = label_of(d, value);
  if (label < 0) return NULL;
  snprintf(d->label, sizeof d->label, ".L%d", label);
  return d->label;
}

static void sort_targets(Disasm *d) {
  if (!d->targets.len) return;
  qsort(d->targets.at, d->targets.len, sizeof *d->targets.at, by_address);
  uint32_t n = 1;
  for (uint32_t i = 1; i < d->targets.len; i++)
    if (d->targets.at[i] != d->targets.at[n - 1]) d->targets.at[n++] = d->targets.at[i];
  d->targets.len = n;
}

/* What a relocation refers to: a symbol, or (constants) a section. */
static const char *reloc_text(Disasm *d, LLVMBinaryRef binary, LLVMRelocationIteratorRef it) {
  LLVMSymbolIteratorRef symbol = LLVMGetRelocationSymbol(it);
  const char *name = LLVMGetSymbolName(symbol), *text;
  if (name && *name) {
    text = ctx_printf(d->cx, "%s", name);
  } else {
    LLVMSectionIteratorRef section = LLVMObjectFileCopySectionIterator(binary);
    LLVMMoveToContainingSection(section, symbol);
    text = ctx_printf(d->cx, "%s",
                      LLVMObjectFileIsSectionIteratorAtEnd(binary, section) ? "?" : LLVMGetSectionName(section));
    LLVMDisposeSectionIterator(section);
  }
  LLVMDisposeSymbolIterator(symbol);
  return text;
}

/* ELF keeps the relocations of NAME in a section .relaNAME. */
static void collect_relocs(Disasm *d, LLVMBinaryRef binary, const char *name) {
  d->relocs.len = 0;
  const char *wanted = ctx_printf(d->cx, ".rela%s", name);
  LLVMSectionIteratorRef section = LLVMObjectFileCopySectionIterator(binary);
  for (; !LLVMObjectFileIsSectionIteratorAtEnd(binary, section); LLVMMoveToNextSection(section)) {
    const char *at = LLVMGetSectionName(section);
    if (!at || strcmp(at, wanted)) continue;
    LLVMRelocationIteratorRef it = LLVMGetRelocations(section);
    for (; !LLVMIsRelocationIteratorAtEnd(section, it); LLVMMoveToNextRelocation(it)) {
      Reloc r = {LLVMGetRelocationOffset(it), reloc_text(d, binary, it)};
      vec_push(d->cx, &d->relocs, r);
    }
    LLVMDisposeRelocationIterator(it);
  }
  LLVMDisposeSectionIterator(section);
  if (d->relocs.len) qsort(d->relocs.at, d->relocs.len, sizeof *d->relocs.at, by_offset);
}

/* Called for each operand that could be symbolic: names the one that has a relocation. */
static int on_operand(void *arg, uint64_t pc, uint64_t offset, uint64_t op_size, uint64_t inst_size, int tag,
                      void *out) {
  Disasm *d = arg;
  if (tag != 1) return 0;
  /* Where operands are bits within a word (64-bit Arm) they have no size of their own. */
  uint64_t begin = pc + offset, end = begin + (op_size ? op_size : inst_size);
  uint32_t lo = 0, hi = d->relocs.len;
  while (lo < hi) {
    uint32_t mid = (lo + hi) / 2;
    if (d->relocs.at[mid].offset < begin)
      lo = mid + 1;
    else
      hi = mid;
  }
  if (lo == d->relocs.len || d->relocs.at[lo].offset >= end) return 0;
  struct LLVMOpInfo1 *info = out;
  memset(info, 0, sizeof *info);
  info->AddSymbol.Present = 1;
  info->AddSymbol.Name = d->relocs.at[lo].text;
  return 1;
}

/* ---- lines of the source ------------------------------------------------------------------------------------------ */

static int by_line_address(const void *a, const void *b) {
  return by_address(&((const CodeLine *)a)->address, &((const CodeLine *)b)->address);
}

void cpu_read_lines(Ctx *cx, LLVMBinaryRef object, CodeLines *out) {
  LLVMSectionIteratorRef section = LLVMObjectFileCopySectionIterator(object);
  for (; !LLVMObjectFileIsSectionIteratorAtEnd(object, section); LLVMMoveToNextSection(section)) {
    const char *name = LLVMGetSectionName(section);
    if (name && strcmp(name, ".debug_line") == 0)
      lines_read(cx, (const uint8_t *)LLVMGetSectionContents(section), LLVMGetSectionSize(section), out);
  }
  LLVMDisposeSectionIterator(section);
}

static void collect_lines(Disasm *d, LLVMBinaryRef binary) {
  cpu_read_lines(d->cx, binary, &d->lines);
  for (uint32_t i = 1; i < d->lines.len; i++)
    if (d->lines.at[i].address < d->lines.at[i - 1].address) {
      qsort(d->lines.at, d->lines.len, sizeof *d->lines.at, by_line_address);
      break;
    }
}

/* The line of the code at an address, where it is another than that of the code before. */
static void print_line(Disasm *d, uint64_t address, Buf *out) {
  uint32_t before = d->line;
  while (d->line < d->lines.len && d->lines.at[d->line].address <= address) d->line++;
  if (!d->line || d->line == before) return;
  const CodeLine *now = &d->lines.at[d->line - 1], *was = before ? &d->lines.at[before - 1] : NULL;
  if (!now->file || (was && was->file == now->file && was->line == now->line && was->column == now->column)) return;
  const char *file = intern(d->cx, now->file);
  uintptr_t number = (uintptr_t)map_get(&d->files, file);
  if (!number) {
    number = d->files.len + 1;
    map_put(d->cx, &d->files, file, (void *)number);
    buf_printf(out, "\t.file %d \"%s\"\n", (int)number, file);
  }
  buf_printf(out, "\t.loc %d %d %d\n", (int)number, now->line, now->column);
}

static void walk(Disasm *d, LLVMDisasmContextRef dc, const uint8_t *code, uint64_t size, Buf *out) {
  for (uint64_t at = 0; at < size;) {
    char text[512];
    size_t n = LLVMDisasmInstruction(dc, (uint8_t *)code + at, size - at, at, text, sizeof text);
    if (out) {
      int label = label_of(d, at);
      print_line(d, at, out);
      if (label >= 0) buf_printf(out, ".L%d:\n", label);
      if (n)
        buf_puts(out, text);
      else
        buf_printf(out, "\t.byte\t0x%02x", code[at]);
    }
    at += n ? n : 1;
    if (out) buf_putc(out, '\n');
  }
}

/* The name of the function at the section's beginning. */
static void print_symbols(Buf *out, LLVMBinaryRef binary, LLVMSectionIteratorRef section) {
  LLVMSymbolIteratorRef it = LLVMObjectFileCopySymbolIterator(binary);
  for (; !LLVMObjectFileIsSymbolIteratorAtEnd(binary, it); LLVMMoveToNextSymbol(it)) {
    const char *name = LLVMGetSymbolName(it);
    if (name && *name && *name != '.' && LLVMGetSymbolSize(it) && LLVMGetSectionContainsSymbol(section, it))
      buf_printf(out, "\t.globl\t%s\n%s:\n", name, name);
  }
  LLVMDisposeSymbolIterator(it);
}

static void dispose_binary(void *b) { LLVMDisposeBinary(b); }
static void dispose_buffer(void *b) { LLVMDisposeMemoryBuffer(b); }
static void dispose_disasm(void *d) { LLVMDisasmDispose(d); }
static void dispose_sections(void *s) { LLVMDisposeSectionIterator(s); }

const char *cpu_disassemble(Ctx *cx, const CpuIsa *isa, const char *object, size_t len, bool lines, size_t *text_len) {
  Disasm d = {.cx = cx};
  LLVMMemoryBufferRef buffer = LLVMCreateMemoryBufferWithMemoryRange(object, len, "kernel", 0);
  ctx_defer(cx, dispose_buffer, buffer);
  char *message = NULL;
  LLVMBinaryRef binary = LLVMCreateBinary(buffer, NULL, &message);
  if (!binary) {
    char *kept = ctx_printf(cx, "%s", message ? message : "?");
    LLVMDisposeMessage(message);
    ctx_fail(cx, ERR_INTERNAL, "LLVM cannot read its own object: %s", kept);
  }
  ctx_defer(cx, dispose_binary, binary);
  LLVMDisasmContextRef dc =
      LLVMCreateDisasmCPUFeatures(isa->triple, isa->cpu, isa->features, &d, 1, on_operand, on_symbol);
  if (!dc) ctx_fail(cx, ERR_SYSTEM, "LLVM has no disassembler for %s", isa->triple);
  ctx_defer(cx, dispose_disasm, dc);
  LLVMSetDisasmOptions(dc, LLVMDisassembler_Option_PrintImmHex);

  if (lines) collect_lines(&d, binary);
  Buf out = {.cx = cx};
  LLVMSectionIteratorRef section = LLVMObjectFileCopySectionIterator(binary);
  ctx_defer(cx, dispose_sections, section);
  for (; !LLVMObjectFileIsSectionIteratorAtEnd(binary, section); LLVMMoveToNextSection(section)) {
    const char *name = LLVMGetSectionName(section);
    uint64_t size = LLVMGetSectionSize(section);
    if (!name || !size || (strncmp(name, ".text", 5) && strcmp(name, "__text"))) continue;
    const uint8_t *code = (const uint8_t *)LLVMGetSectionContents(section);
    collect_relocs(&d, binary, name);
    d.targets.len = 0;
    d.naming = false;
    walk(&d, dc, code, size, NULL);
    sort_targets(&d);
    d.naming = true;
    buf_printf(&out, "\t.section\t%s\n", name);
    print_symbols(&out, binary, section);
    walk(&d, dc, code, size, &out);
  }
  *text_len = out.len;
  return buf_text(&out);
}
