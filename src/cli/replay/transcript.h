/* The recorded messages of a session as psql would have shown them. */
#ifndef QW_CLI_TRANSCRIPT_H
#define QW_CLI_TRANSCRIPT_H

#include "../page.h"

#include "qw/record.h"

struct transcript; /* keeps statements until their results come */
struct transcript *transcript_new(struct page *out);
void transcript_free(struct transcript *t);
int transcript_record(struct transcript *t, const struct qw_record_header *h,
	struct qw_bytes fields) QW_MUST_CHECK;
int transcript_end(struct transcript *t) QW_MUST_CHECK; /* what never got a result */

/* RESPONSE: messages, maybe cut off at the end. *status: transaction status of the last
 * ReadyForQuery, else unchanged. */
int transcript_response(
	struct page *out, struct qw_bytes messages, bool truncated, char *status) QW_MUST_CHECK;

/* The same of packets to a MySQL client; `protocol` is that of the statement's record. */
int transcript_mysql(struct page *out, struct qw_bytes packets, bool truncated, struct qw_bytes protocol) QW_MUST_CHECK;

int transcript_mysql_binds(struct qw_bytes binds, struct qw_buf *out) QW_MUST_CHECK; /* BINDS of such a record, for people */

/* One value of a DataRow as text for people, escaped. Binary values of common types are decoded,
 * others are \x hex. */
void transcript_value(struct page *out, uint32_t type_oid, bool is_binary, struct qw_bytes value);
bool transcript_is_number(uint32_t type_oid); /* psql puts these to the right */

#endif
