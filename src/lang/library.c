/* library.c: the part of the language that is written in Triton itself, in lib/.
 *
 * The files are embedded as text. The first time that a compile needs a name, their lines are scanned once for
 * definitions at the left margin; a function's source is cut out and parsed when it is first called and not before. A
 * library function resolves its free names here, never at the host, so that nothing a user defines can change it.
 *
 * Names: what standard.py and random.py define is the language's own `tl.NAME`, unless it begins with an underscore;
 * libdevice*.py hold `libdevice.NAME`; other files (the mathematical functions) serve the compiler.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "lang/python/python.h"
#include "lang/tl/tl.h"

typedef struct LibEntry {
  const LibFile *file;
  const char *name;
  size_t begin, end; /* of the definition, decorators included */
  int line;
  ttc_function *function; /* made on demand */
  Val *value;
  bool is_constant; /* NAME = number */
} LibEntry;

struct Library {
  Map entries; /* interned "NAME", or "libdevice.NAME" */
};

static bool is_libdevice(const LibFile *f) { return strncmp(f->name, "libdevice", 9) == 0; }
static bool is_public_file(const LibFile *f) {
  return strcmp(f->name, "standard.py") == 0 || strcmp(f->name, "random.py") == 0;
}

static bool is_word(char c) { return isalnum((unsigned char)c) || c == '_'; }

static size_t word_length(const char *s, const char *end) {
  size_t n = 0;
  while (s + n < end && is_word(s[n])) n++;
  return n;
}

static void add_entry(Lang *L, struct Library *lib, LibEntry entry, const char *name, size_t n) {
  LibEntry *e = NEW(L->cx, LibEntry);
  *e = entry;
  e->name = intern_n(L->cx, name, n);
  const char *key = is_libdevice(e->file) ? intern(L->cx, ctx_printf(L->cx, "libdevice.%s", e->name)) : e->name;
  map_put(L->cx, &lib->entries, key, e);
}

/* Definitions begin at the left margin with `@`, `def` or `NAME =` and end where the next line at the margin begins. */
static void scan_file(Lang *L, struct Library *lib, const LibFile *file) {
  const char *text = file->text, *end = text + file->len, *line = text;
  size_t begin = 0;
  int number = 1, begin_line = 1;
  bool decorated = false;
  LibEntry *open = NULL;
  for (; line < end; number++) {
    const char *next = memchr(line, '\n', (size_t)(end - line));
    next = next ? next + 1 : end;
    bool at_margin = *line != ' ' && *line != '\n' && *line != '#' && *line != ')';
    if (at_margin && open) {
      open->end = (size_t)(line - text);
      open = NULL;
    }
    if (at_margin && *line == '@') {
      if (!decorated) {
        begin = (size_t)(line - text);
        begin_line = number;
      }
      decorated = true;
    } else if (at_margin && end - line > 4 && memcmp(line, "def ", 4) == 0) {
      size_t n = word_length(line + 4, end);
      LibEntry e = {.file = file,
                    .begin = decorated ? begin : (size_t)(line - text),
                    .end = file->len,
                    .line = decorated ? begin_line : number};
      add_entry(L, lib, e, line + 4, n);
      open = lib->entries.entries[lib->entries.len - 1].value;
      decorated = false;
    } else if (at_margin) {
      size_t n = word_length(line, end);
      const char *equals = memchr(line, '=', (size_t)(next - line));
      if (n && equals && (line[n] == ' ' || line[n] == ':') && !memchr(line, '(', (size_t)(equals - line)))
        add_entry(L, lib,
                  (LibEntry){.file = file,
                             .begin = (size_t)(equals + 1 - text),
                             .end = (size_t)(next - text),
                             .line = number,
                             .is_constant = true},
                  line, n);
      decorated = false;
    }
    line = next;
  }
}

static struct Library *library(Lang *L) {
  if (!L->library) {
    L->library = NEW(L->cx, struct Library);
    for (size_t i = 0; i < lang_lib_files_count; i++) scan_file(L, L->library, &lang_lib_files[i]);
  }
  return L->library;
}

static Val *constant_value(Lang *L, const LibEntry *e) {
  const char *s = ctx_strndup(L->cx, e->file->text + e->begin, e->end - e->begin);
  char *stop;
  s += strspn(s, " ");
  bool negative = *s == '-';
  s += negative;
  bool is_hex = s[0] == '0' && (s[1] == 'x' || s[1] == 'X');
  if (is_hex || !s[strcspn(s, ".eE\n#")] || s[strcspn(s, ".eE\n#")] == '\n' || s[strcspn(s, ".eE\n#")] == '#') {
    BigInt x = (BigInt)strtoull(s, &stop, 0);
    return val_int(L, negative ? -x : x);
  }
  double x = text_to_double(s, &stop);
  return val_float(L, negative ? -x : x);
}

static Val *entry_value(Lang *L, LibEntry *e) {
  if (e->value) return e->value;
  if (e->is_constant) {
    e->value = constant_value(L, e);
    e->value->constexpr_ = true;
    return e->value;
  }
  ttc_function *f = NEW(L->cx, ttc_function);
  const char *module = strcmp(e->file->name, "random.py") == 0     ? "triton.language.random"
                       : is_libdevice(e->file)                     ? "triton.language.extra.libdevice"
                       : strcmp(e->file->name, "standard.py") == 0 ? "triton.language.standard"
                                                                   : "tritonc.math";
  f->name = e->name;
  f->qualname = intern(L->cx, ctx_printf(L->cx, "%s.%s", module, e->name));
  f->file = intern(L->cx, ctx_printf(L->cx, LANG_LIBRARY "%s", e->file->name));
  f->first_line = e->line;
  f->source = ctx_strndup(L->cx, e->file->text + e->begin, e->end - e->begin);
  f->source_len = e->end - e->begin;
  f->object = L->library;
  e->function = f;
  Val *v = NEW(L->cx, Val);
  v->kind = V_FUNCTION;
  v->function = f;
  return e->value = v;
}

static Val *find(Lang *L, const char *key) {
  LibEntry *e = map_get(&library(L)->entries, intern(L->cx, key));
  return e ? entry_value(L, e) : NULL;
}

bool lang_library_has_public(Lang *L, const char *name) {
  if (name[0] == '_') return false;
  const LibEntry *e = map_get(&library(L)->entries, intern(L->cx, name));
  return e && is_public_file(e->file);
}

Val *lang_library_value(Lang *L, const char *name) { return find(L, name); }

Val *lang_library_libdevice(Lang *L, const char *name) {
  return name[0] == '_' ? NULL : find(L, ctx_printf(L->cx, "libdevice.%s", name));
}

bool lang_is_libdevice(const ttc_function *f) {
  return strncmp(f->file, LANG_LIBRARY "libdevice", strlen(LANG_LIBRARY "libdevice")) == 0;
}

Val *lang_library_lookup(Lang *L, const ttc_function *function, const char *name) {
  static const struct {
    const char *name, *module;
  } modules[] = {{"tl", "tl"}, {"triton", "triton"}, {"math", "math"}, {"libdevice", "libdevice"}};
  for (size_t i = 0; i < COUNT(modules); i++)
    if (strcmp(modules[i].name, name) == 0) {
      Val *v = NEW(L->cx, Val);
      v->kind = V_HOST;
      v->host.kind = TTC_MODULE;
      v->host.text = modules[i].module;
      v->host.len = strlen(modules[i].module);
      return v;
    }
  if (strcmp(name, "jit") == 0) {
    Val *v = NEW(L->cx, Val);
    v->kind = V_TYPE;
    v->text = intern(L->cx, "triton.jit");
    v->len = strlen(v->text);
    return v;
  }
  Val *v = lang_is_libdevice(function) ? find(L, ctx_printf(L->cx, "libdevice.%s", name)) : NULL;
  if (v || (v = find(L, name))) return v;
  return lang_python_value(L, name);
}
