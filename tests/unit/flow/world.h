/*
 * The world that the flow tests judge in: names behind the OIDs of one server, from a file that
 * fixtures/flow/capture.py wrote, and what is sensitive, plain and hazardous by their names.
 */
#ifndef FLOW_TEST_WORLD_H
#define FLOW_TEST_WORLD_H

#include "qw/flow.h"

struct world; /* NULL: the file is not there or not understood */
struct world *world_load(const char *path);
void world_free(struct world *w);
struct flow_world world_of(struct world *w);
/* "schema.table.column"; a buffer of its own */
const char *world_column(struct world *w, uint32_t relation_oid, int16_t attnum);
/* All columns of all relations are plain (catalogs, too), or nothing is known of any. */
void world_make_plain(struct world *w);
void world_make_unknown(struct world *w);

/* A whole file, NUL-terminated; NULL: it cannot be read. free() it. */
char *read_whole(const char *path);

#endif
