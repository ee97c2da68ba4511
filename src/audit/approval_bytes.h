/* How an approval lies in the store. Layout: fixed part, then strings {u32 length or ffffffff for
 * NULL, bytes}. */
#ifndef QW_AUDIT_APPROVAL_BYTES_H
#define QW_AUDIT_APPROVAL_BYTES_H

#include "qw/approval.h"

int approval_encode(const struct approval *a, struct qw_buf *out) QW_MUST_CHECK;
int approval_decode(struct qw_bytes in, struct qw_arena *arena,
	struct approval *out) QW_MUST_CHECK; /* MALFORMED, NOMEM */

#endif
