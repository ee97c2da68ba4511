/* Facts as text, for tests to compare. From the arena; NULL never. */
#ifndef MYSQLPARSE_TEXT_FACTS_H
#define MYSQLPARSE_TEXT_FACTS_H

#include "qw/mysqlparse.h"

const char *text_acts(struct qw_arena *a, const struct qw_statement *s); /* "select:t call:now insert:s.t" in order */
const char *text_all(struct qw_arena *a, const struct qw_statement *s); /* acts | relations | columns | operators | types | literals */
const char *text_line(struct qw_arena *a, const char *text); /* control characters as "?" */

#endif
