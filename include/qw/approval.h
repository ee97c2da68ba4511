/* A person decides: the pure rules of approvals. The ledger (audit/) keeps them; control/ and the session move them. */
#ifndef QW_APPROVAL_H
#define QW_APPROVAL_H

#include "qw/base.h"

enum approval_state { /* pending -> approved -> consumed; pending -> denied | expired | withdrawn; approved -> expired */
	APPROVAL_PENDING,
	APPROVAL_APPROVED,
	APPROVAL_CONSUMED,
	APPROVAL_DENIED,
	APPROVAL_EXPIRED,
	APPROVAL_WITHDRAWN
};
const char *approval_state_name(enum approval_state s);
bool approval_move_allowed(enum approval_state from, enum approval_state to);

enum { APPROVAL_ID_CHARS = 10, APPROVAL_DIGEST_BYTES = 32 }; /* id: lower-case base32 of 50 random bits */

/* What an approval is bound to. Everything here goes into the digest. */
struct approval_subject {
	struct qw_bytes statement; /* exact bytes */
	struct qw_bytes binds; /* the Bind message's formats and values, exact bytes; empty for simple query */
	const char *target, *database, *role;
	const char *issuer, *subject, *actor; /* the requester; actor may be NULL */
	uint8_t settings_digest[32];
	const char *policy_revision;
};
int approval_digest(const struct approval_subject *s, uint8_t out[APPROVAL_DIGEST_BYTES]) QW_MUST_CHECK;

/* One approval as it is kept. Strings are borrowed from whoever filled it. */
struct approval {
	char id[APPROVAL_ID_CHARS + 1];
	enum approval_state state;
	uint8_t digest[APPROVAL_DIGEST_BYTES];
	int64_t created_us, expires_us, decided_us; /* wall clock */
	char session[33]; /* hex id of the session that asked */
	const char *target, *database, *role, *issuer, *subject, *actor;
	const char *statement, *binds_text; /* for the person who decides */
	const char *rule, *policy_revision;
	const char *approver, *reason;
};

/* NULL: may decide. Otherwise why not (the requester or its actor may not; decided or expired ones cannot). */
const char *approval_refuse_decision(const struct approval *a, const char *approver_issuer, const char *approver_subject,
	int64_t now_us);

#endif
