/* Shared by the checks of protocols/mysql. */
#ifndef MYWIRE_CHECKS_H
#define MYWIRE_CHECKS_H

#include "decoder_check.h"

#include "qw/mywire.h"

enum { MYWIRE_CHECK_OUT_MAX = 1 << 25 };

void mywire_check_inside(struct qw_bytes body, struct qw_bytes part);
/* The packet in `out`, its header left away, is `payload`; frees out. */
void mywire_check_same(struct qw_buf *out, struct qw_bytes payload);

/* Of myreply. */
int mywire_check_ok(struct qw_bytes in);
int mywire_check_changes(struct qw_bytes in);
int mywire_check_eof(struct qw_bytes in);
int mywire_check_error(struct qw_bytes in);
int mywire_check_column(struct qw_bytes in);
int mywire_check_row(struct qw_bytes in);
int mywire_check_answer(struct qw_bytes in);

#endif
