#include "qw/approval.h"
#include "qw/digest.h"

const char *approval_state_name(enum approval_state s)
{
	switch (s) {
	case APPROVAL_PENDING:
		return "pending";
	case APPROVAL_APPROVED:
		return "approved";
	case APPROVAL_CONSUMED:
		return "consumed";
	case APPROVAL_DENIED:
		return "denied";
	case APPROVAL_EXPIRED:
		return "expired";
	case APPROVAL_WITHDRAWN:
		return "withdrawn";
	}
	return "unknown";
}

/*
 * pending --> approved --> consumed
 *    |            `-----> expired
 *    `--> denied, expired, withdrawn
 */
bool approval_move_allowed(enum approval_state from, enum approval_state to)
{
	static const bool allowed[APPROVAL_WITHDRAWN + 1][APPROVAL_WITHDRAWN + 1] = {
		[APPROVAL_PENDING] = {[APPROVAL_APPROVED] = true,
			[APPROVAL_DENIED] = true,
			[APPROVAL_EXPIRED] = true,
			[APPROVAL_WITHDRAWN] = true},
		[APPROVAL_APPROVED] = {[APPROVAL_CONSUMED] = true, [APPROVAL_EXPIRED] = true},
	};

	if ((unsigned)from > APPROVAL_WITHDRAWN || (unsigned)to > APPROVAL_WITHDRAWN)
		return false;
	return allowed[from][to];
}

/* Presence byte, length, bytes: no two lists of fields give the same stream. */
static int add_field(struct qw_digest *d, struct qw_bytes v, bool present)
{
	uint8_t head[9] = {present};
	int err;

	for (size_t i = 0; i < 8; i++)
		head[1 + i] = (uint8_t)((uint64_t)v.n >> (56 - 8 * i));
	err = qw_digest_add(d, qw_bytes(head, sizeof(head)));
	return err || v.n == 0 ? err : qw_digest_add(d, v);
}

static int add_all(struct qw_digest *d, const struct approval_subject *s)
{
	const char *const texts[] = {s->target, s->database, s->role, s->issuer, s->subject,
		s->actor, s->policy_revision};
	int err;

	err = qw_digest_add(d, QW_LIT("querywarden approval v1\0"));
	if (!err)
		err = add_field(d, s->statement, true);
	if (!err)
		err = add_field(d, s->binds, true);
	if (!err)
		err = add_field(d, qw_bytes(s->settings_digest, sizeof(s->settings_digest)), true);
	for (size_t i = 0; !err && i < QW_COUNT(texts); i++)
		err = add_field(d, qw_bytes_from(texts[i]), texts[i] != NULL);
	return err;
}

int approval_digest(const struct approval_subject *s, uint8_t out[APPROVAL_DIGEST_BYTES])
{
	struct qw_digest *d = qw_digest_new();
	int err;

	memset(out, 0, APPROVAL_DIGEST_BYTES);
	if (!d)
		return QW_E_NOMEM;
	err = qw_digest_start(d);
	if (!err)
		err = add_all(d, s);
	if (!err)
		err = qw_digest_end(d, out);
	qw_digest_free(d);
	return err;
}

static bool is_same(const char *a, const char *b)
{
	return a && b && strcmp(a, b) == 0;
}

const char *approval_refuse_decision(const struct approval *a, const char *approver_issuer,
	const char *approver_subject, int64_t now_us)
{
	if (!approver_issuer || !*approver_issuer || !approver_subject || !*approver_subject)
		return "it is not known who decides";
	if (a->state == APPROVAL_EXPIRED)
		return "the approval has expired";
	if (a->state != APPROVAL_PENDING)
		return "the approval is decided already";
	if (now_us >= a->expires_us)
		return "the approval has expired";
	if (!a->issuer || !a->subject)
		return "the approval does not say who asked";
	if (is_same(a->issuer, approver_issuer) && is_same(a->subject, approver_subject))
		return "whoever asked may not decide";
	/* RFC 8693 gives an actor's subject without its issuer: the name alone is enough to refuse.
	 */
	if (is_same(a->actor, approver_subject))
		return "the actor that asked may not decide";
	return NULL;
}
