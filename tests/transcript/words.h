/* The little language of transcripts: one message as words, both ways. See fixtures/postgres/README.md. */
#ifndef TRANSCRIPT_WORDS_H
#define TRANSCRIPT_WORDS_H

#include "qw/pgwire.h"

/* Appends the wire bytes of the messages in `line` ("P s1 \"select 1\" | S"). `from_server` tells which D, C, E, H it is. */
int words_encode(const char *line, bool from_server, struct qw_buf *out) QW_MUST_CHECK;
/* Appends the words of the first whole message in *in and advances it. INCOMPLETE when there is none. */
int words_print(struct qw_bytes *in, bool from_server, struct qw_buf *out) QW_MUST_CHECK;

/* "text", with \" \\ \n \xHH. */
int words_put_string(struct qw_buf *out, struct qw_bytes v) QW_MUST_CHECK;
/* The notice in which a server shows a rewritten tree. */
int words_put_tree(struct qw_buf *out, const char *tree) QW_MUST_CHECK;

#endif
