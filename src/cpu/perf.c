/* perf.c: what Linux's perf reads of loaded code: a map of symbols, and a jitdump.
 *
 * /tmp/perf-PID.map has a line for each function: its address, its bytes, its name. That is all `perf report` wants.
 *
 * The jitdump (tools/perf/Documentation/jitdump-specification.txt in Linux's source) is a file of records: of each
 * function its lines, then its code. `perf inject --jit` makes an ELF file of each, which `perf annotate` disassembles. The
 * program maps the file's first page as executable: that mapping stands in what perf recorded, and tells it the
 * file's name. An address in the records is one of this process. Before Linux 5.8 perf took addresses of lines for ones
 * in its ELF file, whose code begins after a header, and writers of dumps added that header's 64 bytes, as LLVM's listener still
 * does; since then perf adds it, and lines that have it already lie 64 bytes too late. So it is not added here.
 *
 * Only the object is needed, and where its function is in memory: the section is loaded as a whole, so its other
 * functions and the rows of the line table lie as far from that function as they do in the object.
 */
#include "cpu/internal.h"

#if defined(__linux__)
#include "base/system.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <llvm-c/Core.h>
#include <llvm-c/Object.h>

/* A function of the object: where it begins in its section. */
typedef struct Symbol {
  const char *name;
  uint64_t start, bytes;
} Symbol;

typedef struct LoadedObject {
  LLVMBinaryRef object;
  const char *name;
  const uint8_t *entry;
  Vec(Symbol) symbols;
  CodeLines lines;
  uint32_t machine; /* ELF's number of the processor */
} LoadedObject;

/* The functions that lie in one section with `name`, itself the first. */
static void find_symbols(Ctx *cx, LoadedObject *l) {
  LLVMSectionIteratorRef section = LLVMObjectFileCopySectionIterator(l->object);
  LLVMSymbolIteratorRef s = LLVMObjectFileCopySymbolIterator(l->object);
  while (!LLVMObjectFileIsSymbolIteratorAtEnd(l->object, s) && strcmp(LLVMGetSymbolName(s), l->name) != 0)
    LLVMMoveToNextSymbol(s);
  if (!LLVMObjectFileIsSymbolIteratorAtEnd(l->object, s)) {
    LLVMMoveToContainingSection(section, s);
    Symbol first = {l->name, LLVMGetSymbolAddress(s), LLVMGetSymbolSize(s)};
    vec_push(cx, &l->symbols, first);
  }
  LLVMDisposeSymbolIterator(s);
  s = LLVMObjectFileCopySymbolIterator(l->object);
  for (; l->symbols.len && !LLVMObjectFileIsSymbolIteratorAtEnd(l->object, s); LLVMMoveToNextSymbol(s)) {
    const char *name = LLVMGetSymbolName(s);
    Symbol other = {name, LLVMGetSymbolAddress(s), LLVMGetSymbolSize(s)};
    if (name && *name && *name != '.' && other.bytes && strcmp(name, l->name) != 0 &&
        LLVMGetSectionContainsSymbol(section, s))
      vec_push(cx, &l->symbols, other);
  }
  LLVMDisposeSymbolIterator(s);
  LLVMDisposeSectionIterator(section);
}

static const uint8_t *address_of(const LoadedObject *l, uint64_t offset) {
  return l->entry + (offset - l->symbols.at[0].start);
}

static void write_map(const LoadedObject *l) {
  char path[64];
  snprintf(path, sizeof path, "/tmp/perf-%ld.map", (long)getpid());
  FILE *f = fopen(path, "a");
  if (!f) return;
  for (uint32_t i = 0; i < l->symbols.len; i++) {
    const Symbol *s = &l->symbols.at[i];
    fprintf(f, "%llx %llx %s\n", (unsigned long long)(uintptr_t)address_of(l, s->start), (unsigned long long)s->bytes,
            s->name);
  }
  fclose(f);
}

/* ---- the jitdump -------------------------------------------------------------------------------------------------- */

enum { RECORD_LOAD = 0, RECORD_LINES = 2 };

static struct {
  pthread_mutex_t lock;
  FILE *file;
  long pid; /* whose file it is: a child of fork() has its own */
  uint64_t functions;
} dump = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void put32(Buf *b, uint32_t x) { buf_write(b, (const char *)&x, sizeof x); }
static void put64(Buf *b, uint64_t x) { buf_write(b, (const char *)&x, sizeof x); }
static void put_text(Buf *b, const char *s) { buf_write(b, s, strlen(s) + 1); }

/* perf record -k 1 takes this clock for its samples. */
static uint64_t now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* A new file .debug/jit/tritonc-XXXXXX/jit-PID.dump in $JITDUMPDIR, else in the home folder; NULL: it cannot be made. */
static FILE *create(Ctx *cx) {
  const char *place = getenv("JITDUMPDIR");
  if (!place || !*place) place = getenv("HOME");
  if (!place || !*place) place = ".";
  char *folder = ctx_printf(cx, "%s/.debug/jit/tritonc-XXXXXX", place);
  for (char *slash = strchr(folder + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
    *slash = 0;
    if (access(folder, F_OK) != 0) sys_make_folder(folder);
    *slash = '/';
  }
  if (!sys_temporary_folder(folder)) return NULL;
  return fopen(ctx_printf(cx, "%s/jit-%ld.dump", folder, (long)getpid()), "w+xe");
}

static void write_head(Ctx *cx, FILE *f, uint32_t machine) {
  Buf b = {.cx = cx};
  const uint32_t magic = 0x4a695444, version = 1, bytes = 40;
  put32(&b, magic), put32(&b, version), put32(&b, bytes), put32(&b, machine);
  put32(&b, 0), put32(&b, (uint32_t)getpid());
  put64(&b, now()), put64(&b, 0);
  fwrite(b.s, 1, b.len, f);
  fflush(f);
}

/* This process's file, open, with its head; NULL: there is none. */
static FILE *open_dump(Ctx *cx, uint32_t machine) {
  if (dump.pid == getpid()) return dump.file;
  if (dump.file) fclose(dump.file); /* the parent's; all that was written to it is flushed */
  dump.pid = getpid();
  dump.file = create(cx);
  if (!dump.file) return NULL;
  write_head(cx, dump.file, machine);
  long page = sysconf(_SC_PAGESIZE);
  void *mark = mmap(NULL, (size_t)page, PROT_READ | PROT_EXEC, MAP_PRIVATE, fileno(dump.file), 0);
  if (mark == MAP_FAILED) {
    fclose(dump.file);
    dump.file = NULL;
  }
  return dump.file;
}

/* A record begins with its kind, its length and a time. */
static void write_record(Ctx *cx, FILE *f, uint32_t kind, const Buf *body, const void *tail, size_t tail_len) {
  Buf b = {.cx = cx};
  put32(&b, kind), put32(&b, (uint32_t)(16 + body->len + tail_len)), put64(&b, now());
  fwrite(b.s, 1, b.len, f);
  fwrite(body->s, 1, body->len, f);
  fwrite(tail, 1, tail_len, f);
}

/* Which line each piece of a function is of. */
static void write_lines(Ctx *cx, FILE *f, const LoadedObject *l, const Symbol *s) {
  Buf rows = {.cx = cx}, b = {.cx = cx};
  uint64_t count = 0;
  for (uint32_t i = 0; i < l->lines.len; i++) {
    const CodeLine *at = &l->lines.at[i];
    if (!at->file || at->address < s->start || at->address >= s->start + s->bytes) continue;
    put64(&rows, (uint64_t)(uintptr_t)address_of(l, at->address));
    put32(&rows, (uint32_t)at->line), put32(&rows, 0);
    put_text(&rows, at->file);
    count++;
  }
  if (!count) return;
  while (rows.len % 8) buf_write(&rows, "", 1);
  put64(&b, (uint64_t)(uintptr_t)address_of(l, s->start)), put64(&b, count);
  write_record(cx, f, RECORD_LINES, &b, rows.s, rows.len);
}

static void write_code(Ctx *cx, FILE *f, const LoadedObject *l, const Symbol *s) {
  Buf b = {.cx = cx};
  uint64_t address = (uint64_t)(uintptr_t)address_of(l, s->start);
  put32(&b, (uint32_t)getpid()), put32(&b, (uint32_t)syscall(SYS_gettid));
  put64(&b, address), put64(&b, address), put64(&b, s->bytes), put64(&b, dump.functions++);
  put_text(&b, s->name);
  write_record(cx, f, RECORD_LOAD, &b, address_of(l, s->start), (size_t)s->bytes);
}

static void tell(Ctx *cx, void *arg) {
  LoadedObject *l = arg;
  find_symbols(cx, l);
  if (!l->symbols.len || !l->symbols.at[0].bytes) return;
  cpu_read_lines(cx, l->object, &l->lines);
  write_map(l);
  FILE *f = open_dump(cx, l->machine);
  if (!f) return;
  for (uint32_t i = 0; i < l->symbols.len; i++) {
    write_lines(cx, f, l, &l->symbols.at[i]);
    write_code(cx, f, l, &l->symbols.at[i]);
  }
  fflush(f);
}

void cpu_tell_perf(const char *object, size_t len, const char *name, const void *entry) {
  char *wrong = NULL;
  Ctx *cx = ctx_new(NULL);
  LLVMMemoryBufferRef buffer = LLVMCreateMemoryBufferWithMemoryRangeCopy(object, len, name);
  LoadedObject l = {.object = LLVMCreateBinary(buffer, NULL, &wrong), .name = name, .entry = entry};
  if (len > 20) l.machine = (uint32_t)(uint8_t)object[18] | (uint32_t)(uint8_t)object[19] << 8;
  pthread_mutex_lock(&dump.lock);
  if (cx && l.object) ctx_protect(cx, tell, &l); /* without memory perf is told less; the kernel runs all the same */
  pthread_mutex_unlock(&dump.lock);
  if (l.object) LLVMDisposeBinary(l.object);
  LLVMDisposeMessage(wrong);
  LLVMDisposeMemoryBuffer(buffer);
  ctx_free(cx);
}
#else
void cpu_tell_perf(const char *object, size_t len, const char *name, const void *entry) {
  (void)object, (void)len, (void)name, (void)entry;
}
#endif
