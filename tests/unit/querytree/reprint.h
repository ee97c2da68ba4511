/* The other way round: what a server would have printed of a tree. A text that is read must come out again, byte by byte. */
#ifndef REPRINT_H
#define REPRINT_H

#include "qw/querytree.h"

/* `bytes_are_signed`: how the server's machine sees a char. */
void reprint(unsigned major, const struct qtree_value *queries, bool bytes_are_signed, struct qw_buf *out);
/* Only the breaking of lines. */
void reprint_lines(struct qw_bytes line, struct qw_buf *out);
/* Reads; if that succeeds, what is printed again must be the same. Returns what qtree_read() did. */
int reprint_check(unsigned major, struct qw_bytes text, struct qw_arena *arena, struct qtree_value *out, const char **problem);

#endif
