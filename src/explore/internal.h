/* internal.h: what the files of explore/ share. */
#ifndef TRITONC_EXPLORE_INTERNAL_H
#define TRITONC_EXPLORE_INTERNAL_H

#include "explore/explore.h"

/* A place in a source, and from where the function it is in was called: interned, so that equal ones have one number. */
typedef struct SourcePlace {
  int file, line, col;
  int caller; /* the number of a place, or -1 */
} SourcePlace;

/* A piece of a source whose text there is. */
typedef struct Piece {
  int file, first_line;
  const char *text;
  size_t len;
} Piece;

typedef struct Facts {
  Ctx *cx;
  Buf *out;
  const Compiled *compiled;
  const Watch *watch;
  Vec(SourcePlace) places;
  Vec(const char *) files;
  Vec(Piece) pieces;
  Map place_of, file_of, piece_of, loc_of; /* interned texts and Locs to numbers plus one */
} Facts;

/* ---- json.c ------------------------------------------------------------------------------------------------------ */

/* `"name": `, with a comma in front where something stands there already. */
void explore_put_name(Facts *f, const char *name);
void explore_put_text(Facts *f, const char *name, const char *text); /* NULL: null */
void explore_put_int(Facts *f, const char *name, int64_t x);
void explore_put_bool(Facts *f, const char *name, bool x);
void explore_put_double(Facts *f, const char *name, double x);
void explore_put_open(Facts *f, const char *name, char bracket); /* name NULL: an element of a list */
void explore_put_close(Facts *f, char bracket);

/* ---- places.c ---------------------------------------------------------------------------------------------------- */

typedef Vec(int) Numbers;

int explore_number_of_file(Facts *f, const char *file);
int explore_number_of_place(Facts *f, SourcePlace p);
int explore_place_of(Facts *f, const Loc *loc);       /* -1: unknown */
int explore_place_of_ll(Facts *f, const LLLoc *loc);
/* A text of lines, and the number of a place for each line. `locs`: of a printed module; NULL: what the text says of
 * itself (`!dbg`, `.loc`), which is left out. */
void explore_put_lines(Facts *f, const char *text, size_t len, const PrintedLocs *locs);
void explore_put_placed(Facts *f, const char *text, size_t len, const Numbers *at); /* a text whose places are known */
void explore_put_places(Facts *f); /* last: files, their sources, places */

/* ---- sass.c ------------------------------------------------------------------------------------------------------ */

/* The stage "sass" of a kernel's cubin; NULL, or why there is none. */
const char *explore_put_sass(Facts *f, const Stage *cubin);

/* ---- gpu.c ------------------------------------------------------------------------------------------------------- */

void explore_put_gpu(Facts *f, const char *text, size_t len); /* of the stage ttgir, which is put, too */

/* ---- page.c ------------------------------------------------------------------------------------------------------ */

typedef struct PageFile {
  const char *name, *text;
  size_t len;
} PageFile;
extern const PageFile explore_page_files[]; /* embedded */
extern const size_t explore_page_files_count;

/* ---- occupancy.c ------------------------------------------------------------------------------------------------- */

void explore_put_occupancy(Facts *f, int sm);

#endif
