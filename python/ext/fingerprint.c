/* fingerprint.c: a hash of a function's source and of everything that it looks at, as the cache's key has it.
 *
 * In a file of its own because the front end and this extension both have a Param.
 */
#include "lang/lang.h"

bool ext_fingerprint_function(const ttc_function *function, const ttc_host *host, char hex[65]);

typedef struct Fingerprint {
  const ttc_function *function;
  const ttc_host *host;
  char *hex;
} Fingerprint;

static void take(Ctx *cx, void *arg) {
  Fingerprint *p = arg;
  Sha256 hash;
  sha256_init(&hash);
  sha256_add(&hash, p->function->source, p->function->source_len);
  lang_fingerprint(cx, p->host, p->function, &hash);
  sha256_hex(&hash, p->hex);
}

bool ext_fingerprint_function(const ttc_function *function, const ttc_host *host, char hex[65]) {
  Fingerprint p = {function, host, hex};
  hex[0] = 0; /* and stays so where the source is no kernel: compiling it will say why */
  Ctx *cx = ctx_new(NULL);
  Err err = cx ? ctx_protect(cx, take, &p) : ERR_MEMORY;
  ctx_free(cx);
  return err != ERR_MEMORY;
}
