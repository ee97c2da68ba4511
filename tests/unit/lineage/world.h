/* A catalog, masks and options read from a text, and judgements told as words. */
#ifndef LINEAGE_TEST_WORLD_H
#define LINEAGE_TEST_WORLD_H

#include "qw/lineage.h"

/*
 * Lines of fields parted by tabs; "\n", "\t" and "\\" are escaped:
 *   relation OID SCHEMA NAME KIND(table view foreign other)      column OID PLACE NAME TYPE [hidden]     definition OID TEXT
 *   function OID SCHEMA NAME KIND(f p)    hazard OID(subject) ON(1 2 4) TEXT    generated OID PLACE FROM   folds
 *   mask NAME PATTERN     null PATTERN (a mask of kind NULL)   reviewed SENTENCE    compare MASK    apply MASK FUNCTION
 *   flavour mariadb|mysql VERSION     database NAME
 */
struct test_world;
struct test_world *test_world_new(const char *text); /* aborts when the text is not as above */
void test_world_free(struct test_world *w);
struct test_world *test_world_read(const char *file);
struct test_world *test_world_read_more(const char *file, const char *more); /* lines behind those of the file; the last flavour holds */

/*
 * "refuse RULE OBJECT", "unparsed PROBLEM", or "out" with a word for each output (p, m:MASK, with =NAME where it has an origin), then
 * " acts VERB SCHEMA.NAME ..." "; writes" "; compared N" "; applied N" "; calls N" as there are. The arena's.
 */
const char *test_world_judge(struct test_world *w, const char *sql, struct qw_arena *arena, struct flow_result *out);

const struct lineage_world *test_world_of(const struct test_world *w); /* as it judges */

#endif
