/* source.c: where a function's source text ends.
 *
 * Python tells a function's file and the line of its first decorator. The text from there on holds the function and
 * the rest of the file; the function ends before the first line of code that is indented no deeper than its `def` and
 * lies in no bracket or string.
 */
#include "ext.h"

#include <string.h>

typedef struct Scan {
  const char *at, *end;
  size_t line; /* of `at`, from 0 */
} Scan;

/* Past a string that begins at a quote. */
static void skip_string(Scan *s) {
  char quote = *s->at;
  bool triple = s->end - s->at >= 3 && s->at[1] == quote && s->at[2] == quote;
  s->at += triple ? 3 : 1;
  while (s->at < s->end) {
    if (*s->at == '\\' && s->at + 1 < s->end) {
      s->line += s->at[1] == '\n';
      s->at += 2;
    } else if (*s->at == quote && (!triple || (s->end - s->at >= 3 && s->at[1] == quote && s->at[2] == quote))) {
      s->at += triple ? 3 : 1;
      return;
    } else if (*s->at == '\n' && !triple) {
      return; /* unterminated: the parser will say so */
    } else {
      s->line += *s->at == '\n';
      s->at++;
    }
  }
}

/* Past a logical line and its newline. */
static void skip_logical_line(Scan *s) {
  int depth = 0;
  while (s->at < s->end) {
    char c = *s->at;
    if (c == '"' || c == '\'') {
      skip_string(s);
      continue;
    }
    if (c == '#') {
      while (s->at < s->end && *s->at != '\n') s->at++;
      continue;
    }
    s->at++;
    if (strchr("([{", c))
      depth++;
    else if (strchr(")]}", c))
      depth--;
    else if (c == '\\' && s->at < s->end && *s->at == '\n')
      s->at++, s->line++;
    else if (c == '\n') {
      s->line++;
      if (depth <= 0) return;
    }
  }
  if (s->at > s->end - 1 && s->end[-1] != '\n') s->line++;
}

static bool begins(const Scan *s, const char *p, const char *word) {
  size_t n = strlen(word);
  return (size_t)(s->end - p) > n && memcmp(p, word, n) == 0 && strchr(" \t\\", p[n]);
}

size_t ext_block_lines(const char *text, size_t n) {
  Scan s = {text, text + n, 0};
  size_t last = 0, indent = 0;
  bool seen_def = false;
  while (s.at < s.end) {
    const char *p = s.at;
    while (p < s.end && (*p == ' ' || *p == '\t' || *p == '\f')) p++;
    bool empty = p == s.end || *p == '\n' || *p == '\r' || *p == '#';
    if (!empty && seen_def && (size_t)(p - s.at) <= indent) break;
    if (!empty && !seen_def && *p != '@') {
      seen_def = begins(&s, p, "def") || begins(&s, p, "async") || begins(&s, p, "class");
      indent = (size_t)(p - s.at);
      if (!seen_def) { /* not a function: one line is what there is */
        skip_logical_line(&s);
        return s.line;
      }
    }
    skip_logical_line(&s);
    if (!empty) last = s.line;
  }
  return last;
}
