/* cache.c: compiled kernels on disk.
 *
 * One file per kernel, named by the hash of everything that the compile depends on. A file is written under a
 * temporary name in the same folder and renamed, so a reader sees all of it or none, however many processes write the
 * same entry and whichever of them dies. No fsync: after a power failure a file may be short or hold zeros, and so may
 * any file that a disk has damaged; the checksum over the whole body finds that, and the kernel is compiled again.
 * Only files of the user's own (or root's) are believed, because what is in them is run. Nothing here fails a compile.
 *
 * A process that dies while it writes leaves its temporary file. Once an hour, as the time of the file `.swept` says,
 * whoever writes an entry removes the temporary files that are older than an hour: nobody is writing those any more.
 *
 * Layout, little-endian: magic (8 bytes), length of the body (8), two 64-bit checksums of the body (16), body. In the
 * body numbers are 8 bytes, a text is its length and its bytes:
 *     hash, name, target, nargs, args..., eight counts of KernelInfo, nstages, then per stage: name, binary, bytes
 */
#include "run/run.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static const char magic[8] = {'T', 'T', 'C', 'A', 'C', 'H', 'E', '3'};
typedef struct Header {
  char magic[8];
  uint64_t bytes, sum[2];
} Header;

static void checksum(const char *body, size_t n, uint64_t sum[2]) {
  sum[0] = hash_bytes(body, n, 0x9e3779b97f4a7c15u);
  sum[1] = hash_bytes(body, n, 0xc2b2ae3d27d4eb4fu);
}

/* ---- where things lie -------------------------------------------------------------------------------------------- */

static bool env_is_on(const char *name) {
  const char *v = getenv(name);
  return v && *v && strcmp(v, "0") != 0 && strcasecmp(v, "false") != 0 && strcasecmp(v, "off") != 0;
}

/* The folder that `variable` names, else ~/.triton/WHAT (or under TRITON_HOME); NULL when there is no home. */
static const char *folder(Ctx *cx, const char *variable, const char *what) {
  const char *dir = getenv(variable);
  if (dir && *dir) return dir;
  const char *home = getenv("TRITON_HOME");
  if (!home || !*home) home = getenv("HOME");
  return home && *home ? ctx_printf(cx, "%s/.triton/%s", home, what) : NULL;
}

/* mkdir -p, private to the user. */
static bool make_folders(Ctx *cx, const char *path) {
  char *p = ctx_strndup(cx, path, strlen(path));
  for (char *s = p + 1; *s; s++) {
    if (*s != '/') continue;
    *s = 0;
    if (mkdir(p, 0700) != 0 && errno != EEXIST) return false;
    *s = '/';
  }
  return mkdir(p, 0700) == 0 || errno == EEXIST;
}

static bool write_all(int fd, const void *data, size_t n) {
  const char *p = data;
  while (n) {
    ssize_t did = write(fd, p, n);
    if (did < 0 && errno == EINTR) continue;
    if (did <= 0) return false;
    p += did;
    n -= (size_t)did;
  }
  return true;
}

/* `head` and `body` as the file `path`, whole or not at all. */
static bool write_file(Ctx *cx, const char *path, const void *head, size_t nhead, const void *body, size_t nbody) {
  char *temporary = ctx_printf(cx, "%s.XXXXXX", path);
  int fd = mkostemp(temporary, O_CLOEXEC); /* mode 0600 */
  if (fd < 0) return false;
  bool ok = write_all(fd, head, nhead) && write_all(fd, body, nbody);
  ok = close(fd) == 0 && ok;
  ok = ok && rename(temporary, path) == 0;
  if (!ok) unlink(temporary);
  return ok;
}

/* A whole file of the user's own in the arena, or NULL. */
static char *read_own_file(Ctx *cx, const char *path, size_t *len) {
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a FIFO would wait for a writer */
  if (fd < 0) return NULL;
  struct stat st;
  bool ok = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && (st.st_uid == geteuid() || st.st_uid == 0) &&
            st.st_size >= 0 && st.st_size < (off_t)1 << 32;
  /* Not ctx_alloc: it may unwind, and the descriptor would stay open. */
  char *text = ok ? malloc((size_t)st.st_size + 1) : NULL;
  size_t n = 0;
  while (text && n < (size_t)st.st_size) {
    ssize_t did = read(fd, text + n, (size_t)st.st_size - n);
    if (did < 0 && errno == EINTR) continue;
    if (did <= 0) break;
    n += (size_t)did;
  }
  close(fd);
  if (!text) return NULL;
  ctx_defer(cx, free, text); /* runs at once if there is no memory to note it */
  *len = n;
  return ctx_strndup(cx, text, n);
}

/* ---- the body ---------------------------------------------------------------------------------------------------- */

static void put(Buf *b, uint64_t x) {
  char bytes[8];
  for (int i = 0; i < 8; i++) bytes[i] = (char)(x >> (8 * i));
  buf_write(b, bytes, 8);
}

static void put_text(Buf *b, const char *s, size_t n) {
  put(b, n);
  buf_write(b, s, n);
}

typedef struct Reader {
  const char *at, *end;
  bool bad;
} Reader;

static uint64_t get(Reader *r) {
  if (r->end - r->at < 8) return r->bad = true, 0;
  uint64_t x = 0;
  for (int i = 0; i < 8; i++) x |= (uint64_t)(uint8_t)r->at[i] << (8 * i);
  r->at += 8;
  return x;
}

static const char *get_text(Ctx *cx, Reader *r, size_t *len) {
  uint64_t n = get(r);
  if (r->bad || n > (uint64_t)(r->end - r->at)) return r->bad = true, "";
  const char *s = ctx_strndup(cx, r->at, (size_t)n);
  r->at += n;
  if (len) *len = (size_t)n;
  return s;
}

static void put_entry(Buf *b, const Compiled *c) {
  const KernelInfo *k = &c->info;
  put_text(b, c->hash, strlen(c->hash));
  put_text(b, k->name, strlen(k->name));
  put_text(b, k->target, strlen(k->target));
  put(b, (uint64_t)k->nargs);
  for (int i = 0; i < k->nargs; i++) put(b, (uint64_t)k->args[i] << 1 | (k->written && k->written[i]));
  const int64_t counts[] = {k->num_warps, k->num_stages, k->num_ctas,      k->cooperative, k->shared,
                            k->n_regs,    k->n_spills,   k->n_max_threads, k->fp_fusion};
  for (size_t i = 0; i < COUNT(counts); i++) put(b, (uint64_t)counts[i]);
  put(b, c->stages.len);
  for (uint32_t i = 0; i < c->stages.len; i++) {
    const Stage *s = &c->stages.at[i];
    put_text(b, s->name, strlen(s->name));
    put(b, s->binary);
    put_text(b, s->bytes, s->len);
  }
}

static bool get_entry(Ctx *cx, Reader *r, Compiled *c) {
  KernelInfo k = {0};
  if (strcmp(get_text(cx, r, NULL), c->hash) != 0) return false; /* another kernel's, under this one's name */
  k.name = get_text(cx, r, NULL);
  k.target = get_text(cx, r, NULL);
  uint64_t nargs = get(r);
  if (r->bad || nargs > (uint64_t)(r->end - r->at) / 8) return false;
  ArgKind *args = NEWN(cx, ArgKind, nargs + 1);
  bool *written = NEWN(cx, bool, nargs + 1);
  for (uint64_t i = 0; i < nargs; i++) {
    uint64_t arg = get(r);
    args[i] = (ArgKind)(arg >> 1);
    written[i] = arg & 1;
  }
  k.nargs = (int)nargs;
  k.args = args;
  k.written = written;
  k.num_warps = (int)get(r);
  k.num_stages = (int)get(r);
  k.num_ctas = (int)get(r);
  k.cooperative = get(r) != 0;
  k.shared = (int64_t)get(r);
  k.n_regs = (int)get(r);
  k.n_spills = (int)get(r);
  k.n_max_threads = (int)get(r);
  k.fp_fusion = get(r) != 0;
  Stages stages = {0};
  uint64_t n = get(r);
  for (uint64_t i = 0; i < n && !r->bad; i++) {
    Stage s = {0};
    s.name = get_text(cx, r, NULL);
    s.binary = get(r) != 0;
    s.bytes = get_text(cx, r, &s.len);
    vec_push(cx, &stages, s);
  }
  if (r->bad || r->at != r->end || !stages.len) return false;
  c->info = k;
  c->stages = stages;
  return true;
}

/* ---- the cache --------------------------------------------------------------------------------------------------- */

static const char *entry_path(Ctx *cx, const char *dir, const Compiled *c) {
  return ctx_printf(cx, "%s/%s.kernel", dir, c->hash);
}

bool run_cache_read(Ctx *cx, Compiled *out) {
  if (env_is_on("TRITON_ALWAYS_COMPILE") || env_is_on("TRITON_KERNEL_OVERRIDE")) return false;
  const char *dir = folder(cx, "TRITON_CACHE_DIR", "cache");
  if (!dir) return false;
  size_t len = 0;
  const char *file = read_own_file(cx, entry_path(cx, dir, out), &len);
  Header h;
  if (!file || len < sizeof h) return false;
  memcpy(&h, file, sizeof h);
  uint64_t sum[2];
  if (memcmp(h.magic, magic, sizeof magic) != 0 || h.bytes != len - sizeof h) return false;
  checksum(file + sizeof h, len - sizeof h, sum);
  if (sum[0] != h.sum[0] || sum[1] != h.sum[1]) return false;
  Reader r = {file + sizeof h, file + len, false};
  return get_entry(cx, &r, out);
}

/* HASH.kernel.XXXXXX: what write_file() calls an entry until it is whole. */
static bool is_temporary(const char *name) {
  const char *dot = strrchr(name, '.');
  return dot && dot - name > 7 && strlen(dot) == 7 && memcmp(dot - 7, ".kernel", 7) == 0;
}

static void sweep(Ctx *cx, const char *dir) {
  enum { HOUR = 3600 };
  struct stat st;
  time_t now = time(NULL);
  const char *stamp = ctx_printf(cx, "%s/.swept", dir);
  if (stat(stamp, &st) == 0 && now - st.st_mtime < HOUR) return;
  int fd = open(stamp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return;
  futimens(fd, NULL);
  close(fd);
  DIR *d = opendir(dir);
  if (!d) return;
  for (struct dirent *e; (e = readdir(d));)
    if (is_temporary(e->d_name) && fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode) &&
        now - st.st_mtime >= HOUR)
      unlinkat(dirfd(d), e->d_name, 0);
  closedir(d);
}

void run_cache_write(Ctx *cx, const Compiled *c) {
  const char *dir = folder(cx, "TRITON_CACHE_DIR", "cache");
  if (!dir || !make_folders(cx, dir)) return;
  sweep(cx, dir);
  Buf body = {.cx = cx};
  put_entry(&body, c);
  Header h = {.bytes = body.len};
  memcpy(h.magic, magic, sizeof magic);
  checksum(body.s, body.len, h.sum);
  write_file(cx, entry_path(cx, dir, c), &h, sizeof h, body.s, body.len);
}

/* ---- stage files for people -------------------------------------------------------------------------------------- */

static const char *stage_path(Ctx *cx, const char *dir, const Compiled *c, const char *stage) {
  return ctx_printf(cx, "%s/%s/%s.%s", dir, c->hash, c->info.name, stage);
}

void run_dump(Ctx *cx, const Compiled *c) {
  if (!env_is_on("TRITON_KERNEL_DUMP")) return;
  const char *dir = folder(cx, "TRITON_DUMP_DIR", "dump");
  if (!dir || !make_folders(cx, ctx_printf(cx, "%s/%s", dir, c->hash))) return;
  for (uint32_t i = 0; i < c->stages.len; i++) {
    const Stage *s = &c->stages.at[i];
    write_file(cx, stage_path(cx, dir, c, s->name), "", 0, s->bytes, s->len);
  }
}

const char *run_override(Ctx *cx, const Compiled *c, const char *stage, size_t *len) {
  if (!env_is_on("TRITON_KERNEL_OVERRIDE")) return NULL;
  const char *dir = folder(cx, "TRITON_OVERRIDE_DIR", "override");
  return dir ? read_own_file(cx, stage_path(cx, dir, c, stage), len) : NULL;
}
