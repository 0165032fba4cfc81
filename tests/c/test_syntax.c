/* test_syntax.c: the lexer and the parser: trees, positions, messages, limits, and what damaged source does to them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "failing.h"
#include "syntax/internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- helpers ----------------------------------------------------------------------------------------------------- */

typedef struct Job {
  const char *text;
  size_t len;
  int first_line, indent;
  bool expression, spans;
  Node *tree;
} Job;

static void parse(Ctx *cx, void *arg) {
  Job *job = arg;
  Source *s = source_new(cx, "k.py", job->text, job->len, job->first_line ? job->first_line : 1);
  s->indent = job->indent;
  job->tree = job->expression ? syn_parse_expression(cx, s) : syn_parse_module(cx, s);
}

static const char *messages(Ctx *cx) {
  Buf b = {.cx = cx};
  for (const Diag *d = ctx_diags(cx); d; d = d->next) diag_render(&b, d, false);
  return buf_text(&b);
}

/* The tree of a text, or the message about it. */
static const char *result(Ctx *cx, Job *job) {
  job->len = strlen(job->text);
  ctx_clear_diags(cx);
  if (ctx_protect(cx, parse, job) != ERR_NONE) return messages(cx);
  Buf b = {.cx = cx};
  syn_dump(&b, job->tree, job->spans);
  return buf_text(&b);
}

static const char *tree_of(Ctx *cx, const char *text) { return result(cx, &(Job){.text = text}); }

/* ---- trees ------------------------------------------------------------------------------------------------------- */

typedef struct Case {
  const char *source, *expected;
} Case;

static const Case TREES[] = {
#define TREE(source, dump) {source, dump},
#include "syntax_trees.def"
};
static const Case MISTAKES[] = {
#define MISTAKE(source, message) {source, message},
#include "syntax_errors.def"
};

static void programs_have_their_trees(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT(TREES); i++) {
    Ctx *cx = ctx_new(NULL);
    assert_string_equal(tree_of(cx, TREES[i].source), ctx_printf(cx, "(module [%s])", TREES[i].expected));
    ctx_free(cx);
  }
}

/* The same trees, however lines end, and whether or not the last one does. */
static void line_endings_do_not_matter(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT(TREES); i++) {
    Ctx *cx = ctx_new(NULL);
    Buf crlf = {.cx = cx}, cr = {.cx = cx}, bom = {.cx = cx};
    for (const char *s = TREES[i].source; *s; s++) {
      if (*s == '\n') buf_putc(&crlf, '\r');
      buf_putc(&crlf, *s);
      buf_putc(&cr, *s == '\n' ? '\r' : *s);
    }
    buf_printf(&bom, "\xef\xbb\xbf%s", TREES[i].source);
    const char *want = tree_of(cx, TREES[i].source);
    assert_string_equal(tree_of(cx, buf_text(&crlf)), want);
    assert_string_equal(tree_of(cx, buf_text(&cr)), want);
    assert_string_equal(tree_of(cx, buf_text(&bom)), want);
    assert_string_equal(tree_of(cx, ctx_strndup(cx, TREES[i].source, strlen(TREES[i].source) - 1)), want);
    ctx_free(cx);
  }
}

static void nodes_know_their_place(void **state) {
  (void)state;
  Ctx *cx = ctx_new(NULL);
  assert_string_equal(result(cx, &(Job){.text = "@d\ndef f(x):\n  return (x + 1) * g(x)  # c\n", .spans = true}),
                      "(module@1:1-3:24 [(function@2:1-3:24 0 f [] ((x _ _)) _ [(name@1:2-1:3 d)] [(return@3:3-3:24 "
                      "(binary@3:10-3:24 2 (binary@3:11-3:16 0 (name@3:11-3:12 x) (int@3:15-3:16 10 1)) "
                      "(call@3:20-3:24 (name@3:20-3:21 g) [(name@3:22-3:23 x)] [])))])])");
  assert_string_equal(result(cx, &(Job){.text = "\xc3\xa9 = (a, b), \xc3\xa8[1:2]\n", .spans = true}),
                      "(module@1:1-1:19 [(assign@1:1-1:19 [(name@1:1-1:2 \xc3\xa9)] (tuple@1:5-1:19 [(tuple@1:5-1:11 "
                      "[(name@1:6-1:7 a) (name@1:9-1:10 b)]) (subscript@1:13-1:19 (name@1:13-1:14 \xc3\xa8) "
                      "(slice@1:15-1:18 (int@1:15-1:16 10 1) (int@1:17-1:18 10 2) _))]))])");
  ctx_free(cx);
}

/* What inspect.getsource gives for a nested function: indented throughout, or dedented by the caller. */
static void indented_source_parses(void **state) {
  (void)state;
  Ctx *cx = ctx_new(NULL);
  static const char nested[] = "    # note\n"
                               "    @jit\n"
                               "    def f(x):\n"
                               "        if x:\n"
                               "            pass\n"
                               "  # less\n"
                               "        return \"\"\"\nat 0\"\"\"\n\n"
                               "    y = 1\n";
  assert_string_equal(tree_of(cx, nested),
                      "(module [(function 0 f [] ((x _ _)) _ [(name jit)] [(if (name x) [(pass)] []) (return (str "
                      "\"\\x0aat 0\"))]) (assign [(name y)] (int 10 1))])");
  Job job = {.text = "def f(x):\n    return x y\n", .first_line = 40, .indent = 4};
  assert_string_equal(result(cx, &job), "k.py:41:18: error: expected the end of the statement, found `y`\n"
                                        "   41 |         return x y\n"
                                        "      |                  ^\n");
  ctx_free(cx);
}

static void integers_have_their_value(void **state) {
  (void)state;
  Ctx *cx = ctx_new(NULL);
  Job job = {.text = "0xffff_ffff_ffff_ffff, 18446744073709551616, 0b101, 0o777, 1_0", .expression = true};
  result(cx, &job);
  Node *const *at = job.tree->items.at;
  assert_true(at[0]->integer == UINT64_MAX && !at[0]->big);
  assert_true(at[1]->big);
  assert_string_equal(at[1]->name, "18446744073709551616");
  assert_int_equal(at[2]->integer, 5);
  assert_int_equal(at[3]->integer, 511);
  assert_int_equal(at[4]->integer, 10);
  ctx_free(cx);
}

static void expressions_parse_alone(void **state) {
  (void)state;
  Ctx *cx = ctx_new(NULL);
  Job good = {.text = "  tl.constexpr\n", .expression = true}, bad = {.text = "a = 1", .expression = true};
  assert_string_equal(result(cx, &good), "(attribute (name tl) constexpr)");
  assert_string_equal(result(cx, &bad), "k.py:1:3: error: `=` cannot stand in an expression\n"
                                        "    1 | a = 1\n"
                                        "      |   ^\n"
                                        "hint: did you mean `==`?\n");
  ctx_free(cx);
}

static void functions_are_found(void **state) {
  (void)state;
  Ctx *cx = ctx_new(NULL);
  Job job = {.text = "def f(): pass\n"
                     "if x:\n  def g(): pass\n"
                     "else:\n  def h(): pass\n"
                     "class A:\n  def m(): pass\n"
                     "def f(a): pass\n"};
  result(cx, &job);
  assert_string_equal(syn_find_function(job.tree, "g")->name, "g");
  assert_string_equal(syn_find_function(job.tree, "h")->name, "h");
  assert_string_equal(syn_find_function(job.tree, "m")->name, "m");
  assert_int_equal(syn_find_function(job.tree, "f")->params.len, 1); /* the later one */
  assert_null(syn_find_function(job.tree, "A"));
  ctx_free(cx);
}

static void keywords_are_known(void **state) {
  (void)state;
  static const struct {
    const char *text;
    TokenKind kind;
  } keywords[] = {
#define TOKEN(kind, text)
#define OPERATOR(kind, text)
#define KEYWORD(kind, text) {text, kind},
#include "syntax/tokens.def"
  };
  for (size_t i = 0; i < COUNT(keywords); i++) {
    assert_int_equal(lex_keyword_of(keywords[i].text, (uint32_t)strlen(keywords[i].text)), keywords[i].kind);
    assert_int_equal(lex_keyword_of(keywords[i].text, (uint32_t)strlen(keywords[i].text) - 1), T_NAME);
  }
  assert_int_equal(lex_keyword_of("match", 5), T_NAME);
  assert_int_equal(lex_keyword_of("continued", 9), T_NAME);
  assert_string_equal(syn_kind_text(N_TRY), "a `try` statement");
  assert_string_equal(syn_compare_text(C_NOT_IN), "not in");
  assert_string_equal(syn_binary_text(B_SHR), ">>");
  assert_string_equal(syn_unary_text(U_NOT), "not");
}

/* ---- mistakes ---------------------------------------------------------------------------------------------------- */

static void mistakes_are_explained(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT(MISTAKES); i++) {
    Ctx *cx = ctx_new(NULL);
    assert_string_equal(tree_of(cx, MISTAKES[i].source), ctx_printf(cx, "k.py:%s", MISTAKES[i].expected));
    ctx_free(cx);
  }
}

/* Things nested or chained a hundred thousand times: refused, or parsed to a tree of bounded height. */
static void nesting_is_bounded(void **state) {
  (void)state;
  static const struct {
    const char *before, *repeated, *after;
    bool refused;
  } cases[] = {
      {"x = ", "(", "", true},
      {"x = ", "[", "", true},
      {"x = ", "{", "", true},
      {"x = ", "-", "1", true},
      {"x = ", "not ", "1", true},
      {"x = ", "lambda: ", "1", true},
      {"x = 1", "+1", "", true},
      {"x = a", ".b", "", true},
      {"x = a", "[0]", "", true},
      {"x = a", "()", "", true},
      {"x = 1", "**1", "", true},
      {"x = ", "a if b else ", "c", true},
      {"x = ", "f(", "", true},
      {"x = ", "{1: ", "", true},
      {"x = ", "f'{", "", true},
      {"x = f'{a:", "{a:", "", true},
      {"x = [a", " for a in b", "]", false},
      {"x = a", " < b", "", false},
      {"x = a", " and b", "", false},
      {"x = a", ", b", "", false},
      {"x = ", "a = ", "b", false},
      {"x = ''", " ''", "", false},
      {"if a: b\n", "elif a: b\n", "", true},
      {"", "a\n", "", false},
      {"match x:\n case ", "(", "", true},
      {"match x:\n case a", "|a", ": b", true},
      {"match x:\n case ", "[", "", true},
      {"import a", ".a", "", false},
      {"@a", "\n@a", "\ndef f(): pass", false},
      {"with ", "(", "", true},
  };
  enum { TIMES = 100000 };
  for (size_t i = 0; i < COUNT(cases); i++) {
    Ctx *cx = ctx_new(NULL);
    Buf b = {.cx = cx};
    buf_puts(&b, cases[i].before);
    for (int n = 0; n < TIMES; n++) buf_puts(&b, cases[i].repeated);
    buf_puts(&b, cases[i].after);
    Job job = {.text = b.s, .len = b.len};
    Err err = ctx_protect(cx, parse, &job);
    assert_int_equal(err, cases[i].refused ? ERR_SOURCE : ERR_NONE);
    if (cases[i].refused && !strstr(ctx_diags(cx)->message, "nested too deeply"))
      fail_msg("%s...: %s", cases[i].repeated, ctx_diags(cx)->message);
    if (!cases[i].refused) assert_true(job.tree->height < SYN_MAX_HEIGHT);
    ctx_free(cx);
  }
}

static void blocks_nest_a_hundred_deep(void **state) {
  (void)state;
  for (int levels = 99; levels <= 101; levels++) {
    Ctx *cx = ctx_new(NULL);
    Buf b = {.cx = cx};
    for (int i = 0; i < levels; i++) buf_printf(&b, "%*sif x:\n", i, "");
    buf_printf(&b, "%*spass\n", levels, "");
    Job job = {.text = b.s, .len = b.len};
    Err err = ctx_protect(cx, parse, &job);
    assert_int_equal(err, levels <= 100 ? ERR_NONE : ERR_SOURCE);
    if (err) assert_string_equal(ctx_diags(cx)->message, "too many levels of indentation");
    ctx_free(cx);
  }
}

/* ---- memory ------------------------------------------------------------------------------------------------------ */

/* All the programs in one text. Those that end in a mistake at module level (`return`) are fine for a parser. */
static char *corpus(size_t *len) {
  size_t n = 0;
  for (size_t i = 0; i < COUNT(TREES); i++) n += strlen(TREES[i].source);
  char *text = malloc(n + 1), *end = text;
  assert_non_null(text);
  for (size_t i = 0; i < COUNT(TREES); i++) {
    size_t k = strlen(TREES[i].source);
    memcpy(end, TREES[i].source, k);
    end += k;
  }
  *end = 0;
  *len = n;
  return text;
}

static void running_out_of_memory_is_an_error(void **state) {
  (void)state;
  size_t len;
  char *text = corpus(&len);
  Err err = ERR_MEMORY;
  long n = 1;
  for (; err == ERR_MEMORY; n++) {
    Failing f = {.fail_at = n};
    Ctx *cx = ctx_new(&(Allocator){failing_alloc, failing_release, &f});
    if (!cx) continue;
    Job job = {.text = text, .len = len};
    err = ctx_protect(cx, parse, &job);
    if (err) {
      f.fail_at = 1000; /* with memory there again, the same context goes on */
      assert_int_equal(ctx_protect(cx, parse, &job), ERR_NONE);
    }
    ctx_free(cx);
    assert_int_equal(f.alive, 0);
  }
  assert_int_equal(err, ERR_NONE);
  assert_true(n > 4); /* several chunks were refused, one after the other */
  free(text);
}

/* ---- damage ------------------------------------------------------------------------------------------------------ */

static uint32_t next_random(uint64_t *seed) {
  *seed = *seed * 6364136223846793005u + 1442695040888963407u;
  return (uint32_t)(*seed >> 33);
}

/* Parse a damaged text from a block of exactly its size, so that reading beyond it is noticed. */
static bool parse_damaged(const char *text, size_t len) {
  char *exact = malloc(len ? len : 1);
  assert_non_null(exact);
  memcpy(exact, text, len);
  Ctx *cx = ctx_new(NULL);
  Job job = {.text = exact, .len = len};
  Err err = ctx_protect(cx, parse, &job);
  if (err) {
    const Diag *d = ctx_diags(cx);
    assert_int_equal(err, ERR_SOURCE);
    assert_true(d && !d->next && d->span.source);
    assert_true(d->span.begin <= d->span.end && d->span.end <= len);
    assert_true(strlen(messages(cx)) > 0);
  } else {
    Buf b = {.cx = cx};
    syn_dump(&b, job.tree, true);
  }
  ctx_free(cx);
  free(exact);
  return err == ERR_NONE;
}

static void truncated_source_is_refused_or_parsed(void **state) {
  (void)state;
  size_t len;
  char *text = corpus(&len);
  for (size_t n = 0; n <= len; n++) parse_damaged(text, n);
  free(text);
}

static void damaged_source_is_refused_or_parsed(void **state) {
  (void)state;
  static const char likely[] = "()[]{}'\"\\\n\t :=,.*#@!fN0";
  uint64_t seed = 7;
  long parsed = 0;
  for (int round = 0; round < 20000; round++) {
    char text[400];
    const char *from = TREES[next_random(&seed) % COUNT(TREES)].source;
    size_t len = strlen(from);
    assert_true(len < sizeof text);
    memcpy(text, from, len);
    for (uint32_t n = 1 + next_random(&seed) % 3; n > 0; n--) {
      uint32_t r = next_random(&seed);
      size_t at = next_random(&seed) % len;
      if (r % 3 == 0)
        text[at] = (char)(text[at] ^ (1 << r / 3 % 8));
      else if (r % 3 == 1)
        text[at] = likely[r / 3 % (sizeof likely - 1)];
      else
        memmove(text + at, text + at + 1, --len - at);
      if (!len) break;
    }
    parsed += parse_damaged(text, len);
  }
  assert_true(parsed > 1000 && parsed < 19000);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(programs_have_their_trees),
      cmocka_unit_test(line_endings_do_not_matter),
      cmocka_unit_test(nodes_know_their_place),
      cmocka_unit_test(indented_source_parses),
      cmocka_unit_test(integers_have_their_value),
      cmocka_unit_test(expressions_parse_alone),
      cmocka_unit_test(functions_are_found),
      cmocka_unit_test(keywords_are_known),
      cmocka_unit_test(mistakes_are_explained),
      cmocka_unit_test(nesting_is_bounded),
      cmocka_unit_test(blocks_nest_a_hundred_deep),
      cmocka_unit_test(running_out_of_memory_is_an_error),
      cmocka_unit_test(truncated_source_is_refused_or_parsed),
      cmocka_unit_test(damaged_source_is_refused_or_parsed),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
