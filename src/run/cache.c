/* cache.c: compiled kernels on disk.
 *
 * A folder per kernel, named by the hash of everything that the compile depends on, in base 32. In it are the stages,
 * NAME.ttir, NAME.cubin and so on, and the metadata, NAME.json, which PyTorch and people read; and HASH.kernel, the
 * entry, which says what the stages' sizes and checksums are and is written last. A file is written under a temporary
 * name in the folder above and renamed, so a reader sees all of it or none, however many processes write the same entry
 * (with the same bytes) and whichever of them dies. No fsync: after a power failure a file may be short or hold zeros,
 * and so may any file that a disk has damaged; the checksums find that, and the kernel is compiled again. Only files of
 * the user's own (or root's) are believed, because what is in them is run. Nothing here fails a compile.
 *
 * A process that dies while it writes leaves its temporary file. Once an hour, as the time of the file `.swept` says,
 * whoever writes an entry removes the temporary files that are older than an hour: their writers are gone.
 *
 * Layout, little-endian: magic (8 bytes), length of the body (8), two 64-bit checksums of the body (16), body. In the
 * body numbers are 8 bytes, a text is its length and its bytes:
 *     hash, name, target, nargs, args..., descriptors (rank, place, bytes of an element, block...), nine counts of
 *     KernelInfo, nstages, then per stage: name, binary, size, two checksums
 * A caller may give a store of its own (ttc_store) in place of the folder: the same files, by the same names.
 *
 * A kernel that is saved whole (run_save()) has its hash and metadata before that, and after it the stages' bytes.
 */
#include "base/system.h"
#include "run/run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char cache_magic[8] = {'T', 'T', 'C', 'A', 'C', 'H', 'E', '6'};
static const char saved_magic[8] = {'T', 'T', 'K', 'E', 'R', 'N', 'L', '3'};
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
    if (!sys_make_folder(p)) return false;
    *s = '/';
  }
  return sys_make_folder(p);
}

/* Writes the file `path`, atomically; until then it is named `pending` and six letters. */
static bool write_file(Ctx *cx, const char *path, const char *pending, const void *bytes, size_t n) {
  char *temporary = ctx_printf(cx, "%s.XXXXXX", pending);
  FILE *f = sys_temporary_file(temporary, 0);
  if (!f) return false;
  bool ok = fwrite(bytes, 1, n, f) == n;
  ok = fclose(f) == 0 && ok;
  ok = ok && sys_replace(temporary, path);
  if (!ok) sys_remove(temporary);
  return ok;
}

/* A whole file of the user's own in the arena, or NULL. `time`: when it was written, in nanoseconds; or NULL. */
static char *read_own_file(Ctx *cx, const char *path, size_t *len, int64_t *time) {
  char *text = sys_read_own(path, len, time);
  if (!text) return NULL;
  ctx_defer(cx, free, text); /* runs at once if there is no memory to note it */
  return ctx_strndup(cx, text, *len);
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

typedef struct TextReader {
  const char *at, *end;
  bool bad;
} TextReader;

static uint64_t get(TextReader *r) {
  if (r->end - r->at < 8) return r->bad = true, 0;
  uint64_t x = 0;
  for (int i = 0; i < 8; i++) x |= (uint64_t)(uint8_t)r->at[i] << (8 * i);
  r->at += 8;
  return x;
}

static const char *get_text(Ctx *cx, TextReader *r, size_t *len) {
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
  put(b, (uint64_t)k->ndescriptors);
  for (int i = 0; i < k->ndescriptors; i++) {
    const DescriptorArg *d = &k->descriptors[i];
    put(b, (uint64_t)d->rank);
    put(b, (uint64_t)d->at);
    put(b, (uint64_t)d->elem_bytes);
    for (int n = 0; n < d->rank; n++) put(b, (uint64_t)d->block[n]);
    put(b, d->is_map);
    put(b, (uint64_t)d->elem_type);
    put(b, (uint64_t)d->swizzle);
    for (int n = 0; n < d->rank; n++) put(b, (uint64_t)d->box[n]);
    put(b, (uint64_t)d->code_at);
    put(b, (uint64_t)d->ncode);
    put(b, d->nan);
    put(b, d->is_optional);
  }
  put(b, (uint64_t)k->nmap_code);
  for (int i = 0; i < k->nmap_code; i++) put(b, (uint64_t)k->map_code[i]);
  put_text(b, k->without_maps ? k->without_maps : "", k->without_maps ? strlen(k->without_maps) : 0);
  const int64_t counts[] = {k->num_warps,   k->num_stages,     k->num_ctas,      k->cooperative, k->shared,
                            k->n_regs,      k->n_spills,       k->n_max_threads, k->fp_fusion,   k->dependent,
                            k->check_grain, k->program_memory, k->max_threads,   k->batch,       k->batch_axis};
  for (size_t i = 0; i < COUNT(counts); i++) put(b, (uint64_t)counts[i]);
  put(b, c->stages.len);
  for (uint32_t i = 0; i < c->stages.len; i++) {
    const Stage *s = &c->stages.at[i];
    uint64_t sum[2];
    checksum(s->bytes, s->len, sum);
    put_text(b, s->name, strlen(s->name));
    put(b, s->binary);
    put(b, s->len);
    put(b, sum[0]);
    put(b, sum[1]);
  }
}

static bool get_descriptors(Ctx *cx, TextReader *r, KernelInfo *k) {
  uint64_t n = get(r);
  if (r->bad || n > (uint64_t)(r->end - r->at) / 8) return false;
  DescriptorArg *all = NEWN(cx, DescriptorArg, n + 1);
  for (uint64_t i = 0; i < n; i++) {
    uint64_t rank = get(r);
    if (rank > TTC_MAX_RANK) return false;
    all[i] = (DescriptorArg){.rank = (int)rank, .at = (int)get(r)};
    all[i].elem_bytes = (int)get(r);
    for (uint64_t d = 0; d < rank; d++) all[i].block[d] = (int)get(r);
    all[i].is_map = get(r) != 0;
    all[i].elem_type = (int)get(r);
    all[i].swizzle = (int)get(r);
    for (uint64_t d = 0; d < rank; d++) all[i].box[d] = (int)get(r);
    all[i].code_at = (int)get(r);
    all[i].ncode = (int)get(r);
    all[i].nan = get(r) != 0;
    all[i].is_optional = get(r) != 0;
  }
  uint64_t ncode = get(r);
  if (r->bad || ncode > (uint64_t)(r->end - r->at) / 8) return false;
  int64_t *code = NEWN(cx, int64_t, ncode + 1);
  for (uint64_t i = 0; i < ncode; i++) code[i] = (int64_t)get(r);
  for (uint64_t i = 0; i < n; i++)
    if (all[i].code_at < 0 || all[i].ncode < 0 || (uint64_t)all[i].code_at + (uint64_t)all[i].ncode > ncode)
      return false;
  k->map_code = code;
  k->nmap_code = (int)ncode;
  k->descriptors = all;
  k->ndescriptors = (int)n;
  return !r->bad;
}

/* A stage's bytes: where an entry is read they are in files of their own, of a saved kernel they come next. */
typedef const char *StageBytes(Ctx *cx, TextReader *r, void *self, const KernelInfo *k, const char *stage, size_t *len);

static bool get_entry(Ctx *cx, TextReader *r, StageBytes *bytes_of, void *self, Compiled *c) {
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
  if (!get_descriptors(cx, r, &k)) return false;
  size_t length = 0;
  k.without_maps = get_text(cx, r, &length);
  if (!length) k.without_maps = NULL;
  k.num_warps = (int)get(r);
  k.num_stages = (int)get(r);
  k.num_ctas = (int)get(r);
  k.cooperative = get(r) != 0;
  k.shared = (int64_t)get(r);
  k.n_regs = (int)get(r);
  k.n_spills = (int)get(r);
  k.n_max_threads = (int)get(r);
  k.fp_fusion = get(r) != 0;
  k.dependent = get(r) != 0;
  k.check_grain = (int)get(r);
  k.program_memory = (int64_t)get(r);
  k.max_threads = (int)get(r);
  k.batch = (int64_t)get(r);
  k.batch_axis = (int)get(r);
  Stages stages = {0};
  Vec(uint64_t) sums = {0};
  uint64_t n = get(r);
  for (uint64_t i = 0; i < n && !r->bad; i++) {
    Stage s = {0};
    s.name = get_text(cx, r, NULL);
    s.binary = get(r) != 0;
    s.len = get(r);
    vec_push(cx, &stages, s);
    for (int j = 0; j < 2; j++) vec_push(cx, &sums, get(r));
  }
  for (uint32_t i = 0; i < stages.len && !r->bad; i++) {
    Stage *s = &stages.at[i];
    size_t len = 0;
    uint64_t sum[2];
    s->bytes = bytes_of(cx, r, self, &k, s->name, &len);
    if (!s->bytes || len != s->len) return false;
    checksum(s->bytes, len, sum);
    if (sum[0] != sums.at[2 * i] || sum[1] != sums.at[2 * i + 1]) return false;
  }
  if (r->bad || r->at != r->end || !stages.len) return false;
  c->info = k;
  c->stages = stages;
  return true;
}

/* `body` after a header. */
static Header header_of(const char magic[8], const Buf *body) {
  Header h = {.bytes = body->len};
  memcpy(h.magic, magic, sizeof h.magic);
  checksum(body->s, body->len, h.sum);
  return h;
}

/* The body behind a valid header; false where the header or the checksum is wrong. */
static bool open_body(const char magic[8], const char *bytes, size_t len, TextReader *r) {
  Header h;
  uint64_t sum[2];
  if (len < sizeof h) return false;
  memcpy(&h, bytes, sizeof h);
  if (memcmp(h.magic, magic, sizeof h.magic) != 0 || h.bytes != len - sizeof h) return false;
  checksum(bytes + sizeof h, len - sizeof h, sum);
  *r = (TextReader){bytes + sizeof h, bytes + len, false};
  return sum[0] == h.sum[0] && sum[1] == h.sum[1];
}

/* ---- kernels as bytes -------------------------------------------------------------------------------------------- */

void run_save(Ctx *cx, const Compiled *c, const char *metadata, Buf *out) {
  Buf body = {.cx = cx};
  put_text(&body, c->hash, strlen(c->hash));
  put_text(&body, metadata, strlen(metadata));
  put_entry(&body, c);
  for (uint32_t i = 0; i < c->stages.len; i++) put_text(&body, c->stages.at[i].bytes, c->stages.at[i].len);
  Header h = header_of(saved_magic, &body);
  buf_write(out, (const char *)&h, sizeof h);
  buf_write(out, body.s, body.len);
}

static const char *bytes_that_follow(Ctx *cx, TextReader *r, void *self, const KernelInfo *k, const char *stage,
                                     size_t *len) {
  (void)self, (void)k, (void)stage;
  const char *s = get_text(cx, r, len);
  return r->bad ? NULL : s;
}

bool run_restore(Ctx *cx, const char *bytes, size_t len, Compiled *out, const char **metadata) {
  TextReader r;
  size_t n = 0;
  if (!open_body(saved_magic, bytes, len, &r)) return false;
  const char *hash = get_text(cx, &r, &n);
  if (n + 1 != sizeof out->hash) return false;
  memcpy(out->hash, hash, n + 1);
  *metadata = get_text(cx, &r, NULL);
  return get_entry(cx, &r, bytes_that_follow, NULL, out);
}

/* ---- the cache --------------------------------------------------------------------------------------------------- */

/* The hash's bits in base 32 (RFC 4648), without padding: what the reference calls its folders. */
static void base32(const char *hex, char out[64]) {
  static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  unsigned bits = 0, have = 0;
  for (; *hex; hex++) {
    bits = bits << 4 | (unsigned)(*hex <= '9' ? *hex - '0' : *hex - 'a' + 10);
    have += 4;
    if (have < 5) continue;
    *out++ = digits[bits >> (have - 5) & 31];
    have -= 5;
  }
  if (have) *out++ = digits[bits << (5 - have) & 31];
  *out = 0;
}

static const char *entry_folder(Ctx *cx, const char *dir, const Compiled *c) {
  char name[64];
  base32(c->hash, name);
  return ctx_printf(cx, "%s/%s", dir, name);
}

/* The files of one kernel: in its folder, or in the caller's store. */
typedef struct Files {
  const ttc_store *store;
  const char *hash;
  const char *folder, *pending; /* without a store; `pending`: see write_file() */
} Files;

/* NULL: there is none. */
static const char *get_file(Ctx *cx, const Files *f, const char *name, size_t *len) {
  if (!f->store) return read_own_file(cx, ctx_printf(cx, "%s/%s", f->folder, name), len, NULL);
  const void *bytes = NULL;
  int found = f->store->get(f->store->self, f->hash, name, &bytes, len);
  if (found < 0) ctx_throw(cx, ERR_HOST);
  return found ? bytes : NULL;
}

static bool put_file(Ctx *cx, const Files *f, const char *name, bool is_text, const void *bytes, size_t len) {
  if (!f->store) return write_file(cx, ctx_printf(cx, "%s/%s", f->folder, name), f->pending, bytes, len);
  if (f->store->put(f->store->self, f->hash, name, is_text, bytes, len) < 0) ctx_throw(cx, ERR_HOST);
  return true;
}

/* A file system takes names of 255 bytes. */
static const char *file_of(Ctx *cx, const KernelInfo *k, const char *ending) {
  return ctx_printf(cx, "%.240s.%s", k->name, ending);
}

static const char *bytes_of_file(Ctx *cx, TextReader *r, void *files, const KernelInfo *k, const char *stage,
                                 size_t *len) {
  (void)r;
  return get_file(cx, files, file_of(cx, k, stage), len);
}

/* false: nothing is kept, there is no place for it. */
static bool files_of(Ctx *cx, const ttc_store *store, const Compiled *c, Files *f) {
  *f = (Files){.store = store, .hash = c->hash};
  if (store) return true;
  const char *dir = folder(cx, "TRITON_CACHE_DIR", "cache");
  if (!dir) return false;
  f->folder = entry_folder(cx, dir, c);
  f->pending = ctx_printf(cx, "%s/%s.kernel", dir, c->hash);
  return true;
}

bool run_cache_read(Ctx *cx, const ttc_store *store, Compiled *out) {
  if (env_is_on("TRITON_ALWAYS_COMPILE") || env_is_on("TRITON_KERNEL_OVERRIDE")) return false;
  Files files;
  if (!files_of(cx, store, out, &files)) return false;
  size_t len = 0;
  const char *file = get_file(cx, &files, ctx_printf(cx, "%s.kernel", out->hash), &len);
  TextReader r;
  if (!file || !open_body(cache_magic, file, len, &r)) return false;
  return get_entry(cx, &r, bytes_of_file, &files, out);
}

/* HASH.kernel.XXXXXX: what write_file() calls an entry until it is whole. */
static bool is_temporary(const char *name) {
  const char *dot = strrchr(name, '.');
  return dot && dot - name > 7 && strlen(dot) == 7 && memcmp(dot - 7, ".kernel", 7) == 0;
}

static void sweep(Ctx *cx, const char *dir) {
  const int64_t hour = INT64_C(3600) * 1000000000, old = (int64_t)time(NULL) * 1000000000 - hour;
  const char *stamp = ctx_printf(cx, "%s/.swept", dir);
  SysFile last;
  if (sys_file(stamp, &last) && last.time > old) return;
  if (sys_touch(stamp)) sys_sweep(dir, old, is_temporary);
}

/* The folder of all kernels, swept, and in it that of this one. */
static bool prepare_folder(Ctx *cx, const Files *f) {
  const char *dir = folder(cx, "TRITON_CACHE_DIR", "cache");
  if (!make_folders(cx, dir)) return false;
  sweep(cx, dir);
  return sys_make_folder(f->folder);
}

void run_cache_write(Ctx *cx, const ttc_store *store, const Compiled *c) {
  Files files;
  if (!files_of(cx, store, c, &files) || (!store && !prepare_folder(cx, &files))) return;
  bool ok = true;
  for (uint32_t i = 0; ok && i < c->stages.len; i++) {
    const Stage *s = &c->stages.at[i];
    ok = put_file(cx, &files, file_of(cx, &c->info, s->name), !s->binary, s->bytes, s->len);
  }
  const char *metadata = run_metadata(cx, c);
  ok = ok && put_file(cx, &files, file_of(cx, &c->info, "json"), true, metadata, strlen(metadata));
  Buf body = {.cx = cx}, entry = {.cx = cx};
  put_entry(&body, c);
  Header h = header_of(cache_magic, &body);
  buf_write(&entry, (const char *)&h, sizeof h);
  buf_write(&entry, body.s, body.len);
  if (ok) put_file(cx, &files, ctx_printf(cx, "%s.kernel", c->hash), false, entry.s, entry.len);
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
    const char *path = stage_path(cx, dir, c, s->name);
    write_file(cx, path, path, s->bytes, s->len);
  }
}

const char *run_override(Ctx *cx, const Compiled *c, const char *stage, size_t *len, int64_t *time) {
  if (c->edited.none || !env_is_on("TRITON_KERNEL_OVERRIDE")) return NULL;
  const char *dir = folder(cx, "TRITON_OVERRIDE_DIR", "override");
  return dir ? read_own_file(cx, stage_path(cx, dir, c, stage), len, time) : NULL;
}
