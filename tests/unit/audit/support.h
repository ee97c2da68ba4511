#ifndef QW_TEST_AUDIT_SUPPORT_H
#define QW_TEST_AUDIT_SUPPORT_H

#include "qw/audit.h"

#include <setjmp.h>
#include <stdarg.h>
/* after its needs */
#include <cmocka.h>

struct scratch {
	char path[64];
};
void scratch_new(struct scratch *s);
void scratch_remove(struct scratch *s); /* with all that is in it */
void scratch_file(const struct scratch *s, const char *name, char out[128]);

/* Record number `n` of session `session` (one byte, repeated): its size and content follow from n.
 */
struct qw_bytes sample_record(
	struct qw_buf *b, uint8_t session, uint64_t session_seq, uint16_t type, size_t payload);
struct audit *open_ledger(const struct audit_options *o); /* must work, without a warning */
void append_one(
	struct audit *a, uint8_t session, uint64_t session_seq, uint16_t type, size_t payload);
void wait_durable(struct audit *a, uint64_t seq);

struct tally { /* what a reader saw */
	uint64_t records, first, last;
	bool in_order,
		whole; /* each seq one more than before; each payload as sample_record made it */
};
bool tally_record(void *ctx, uint64_t seq, struct qw_bytes record);
struct tally read_all(const char *directory);

#endif
