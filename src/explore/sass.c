/* sass.c: the machine code of a GPU's kernel, and which lines of the source its instructions come from.
 *
 * nvdisasm prints, where the line changes,
 *
 *     //## File "kernel.py", line 7 inlined at "kernel.py", line 14
 *     //## File "kernel.py", line 14
 *             (0110)                   FADD R8, R2, R2 ;
 *
 * (without the second line and what is said of it where nothing was inlined): the innermost place first, then its callers.
 * cuobjdump prints no such lines; then the cubin's line table says it, without callers. Of the text remain labels and
 * instructions with their addresses; what fills up the last cache line is left out.
 */
#include "explore/internal.h"
#include "nvidia/nvidia.h"

#include <stdlib.h>
#include <string.h>

typedef struct Line {
  const char *file;
  int line;
} Line;

typedef struct Sass {
  Facts *f;
  Buf shown;
  Numbers at;
  Vec(Line) chain; /* of places, the innermost first, that were said since the last instruction */
  CodeLines table; /* where the text says no lines */
  int place;
  size_t code_len; /* of what is shown, up to the last instruction that does something … */
  uint32_t code_lines;
} Sass;

/* `//## File "kernel.py", line 7…` */
static void read_place(Sass *s, const char *line) {
  static const char before[] = "//## File \"", between[] = "\", line ";
  const char *name = line + sizeof before - 1, *end = strstr(name, between);
  if (!end || memchr(name, '\n', (size_t)(end - name))) return;
  Line l = {ctx_strndup(s->f->cx, name, (size_t)(end - name)), (int)strtol(end + sizeof between - 1, NULL, 10)};
  vec_push(s->f->cx, &s->chain, l);
}

static void take_chain(Sass *s) {
  int place = -1;
  for (uint32_t i = s->chain.len; i-- > 0;)
    place = explore_number_of_place(
        s->f, (SourcePlace){explore_number_of_file(s->f, s->chain.at[i].file), s->chain.at[i].line, 0, place});
  s->place = place;
  s->chain.len = 0;
}

static void look_up(Sass *s, uint64_t address) {
  const CodeLine *found = NULL;
  for (uint32_t i = 0; i < s->table.len && s->table.at[i].address <= address; i++) found = &s->table.at[i];
  s->place = found && found->file
                 ? explore_number_of_place(
                       s->f, (SourcePlace){explore_number_of_file(s->f, found->file), found->line, found->column, -1})
                 : -1;
}

static void put_line(Sass *s, const char *text, size_t n, int place) {
  buf_write(&s->shown, text, n);
  buf_putc(&s->shown, '\n');
  vec_push(s->f->cx, &s->at, place);
}

/* A line that begins with its address in a comment; cuobjdump's encoding after it is left out. */
static void put_instruction(Sass *s, const char *line, const char *end) {
  char *close;
  uint64_t address = strtoull(line + 2, &close, 16);
  const char *code = close + 2, *semicolon = memchr(code, ';', code < end ? (size_t)(end - code) : 0);
  if (!semicolon || code > semicolon) return;
  code += strspn(code, " \t");
  if (s->chain.len) take_chain(s);
  if (s->table.len) look_up(s, address);
  bool fills = !strncmp(code, "NOP", 3);
  const char *text =
      ctx_printf(s->f->cx, "  %04llx  %.*s", (unsigned long long)address, (int)(semicolon + 1 - code), code);
  put_line(s, text, strlen(text), fills ? -1 : s->place);
  if (fills) return;
  s->code_len = s->shown.len;
  s->code_lines = s->at.len;
}

static void read_text(Sass *s, const char *text) {
  for (const char *line = text; *line;) {
    const char *end = line + strcspn(line, "\n"), *word = line + strspn(line, " \t");
    size_t n = (size_t)(end - line);
    bool label = n && *line == word[0] && end[-1] == ':' && strncmp(line, ".text.", 6) != 0 && !memchr(line, ' ', n);
    if (!strncmp(word, "//## File", 9))
      read_place(s, word);
    else if (!strncmp(word, "/*", 2) && word[2] != ' ')
      put_instruction(s, word, end);
    else if (label)
      put_line(s, line, n, -1);
    line = end + (*end == '\n');
  }
}

const char *explore_put_sass(Facts *f, const Stage *cubin) {
  const char *why, *text = nvidia_disassemble(f->cx, cubin->bytes, cubin->len, &why);
  if (!text) return why;
  Sass s = {.f = f, .shown = {.cx = f->cx}, .place = -1};
  if (!strstr(text, "//## File")) nvidia_cubin_lines(f->cx, cubin->bytes, cubin->len, f->compiled->info.name, &s.table);
  read_text(&s, text);
  s.at.len = s.code_lines;
  explore_put_open(f, NULL, '{');
  explore_put_text(f, "name", "sass");
  explore_put_placed(f, buf_text(&s.shown), s.code_len, &s.at);
  explore_put_close(f, '}');
  return NULL;
}
