/* Approvals: asked by sessions, decided by people, kept by the ledger. Every move is recorded. */
#include <stdio.h>

#include "street.h"

static void record(struct street *s, const struct approval *a, const char *event, const char *reason)
{
	const struct recorder_note n = {.type = QW_RECORD_APPROVAL, .approval = a, .event = event, .reason = reason};

	recorder_note(s, &n);
	qw_log(QW_LOG_INFO, "approval", "approval", a->id, "what", event, "session", a->session, "subject", a->subject,
		"rule", a->rule, "approver", a->approver, "detail", reason, NULL);
}

static void tell(struct conn *c, enum session_event_kind kind, const struct approval *a)
{
	struct session_event ev = {.kind = kind, .approval = a};

	conn_event(c, &ev);
}

/* The one session that waits for this approval: an approval is bound to what one session asked. */
static struct conn *waiting_for(struct street *s, const char *id)
{
	struct conn *c = s->conns;

	while (c && strcmp(c->approval_id, id) != 0)
		c = c->next;
	return c;
}

void approvals_ask(struct conn *c, const struct approval *wanted)
{
	struct street *s = c->street;
	struct approval got = {0};
	int64_t now_us = (int64_t)street_now().wall_us;
	bool consumed = false;
	int err = audit_approval_ask(s->audit, wanted, now_us, &got, &consumed);

	if (err) {
		qw_log(QW_LOG_ERROR, "approval.failed", "session", c->id_text, "detail", qw_error_text(err), NULL);
		got = *wanted;
		got.state = APPROVAL_DENIED;
		got.reason = "the approval could not be stored";
		tell(c, SESSION_EV_NOT_APPROVED, &got);
		return;
	}
	if (consumed) {
		record(s, &got, "consumed", NULL);
		tell(c, SESSION_EV_APPROVED, &got);
		return;
	}
	(void)snprintf(c->approval_id, sizeof(c->approval_id), "%s", got.id);
	record(s, &got, got.created_us == now_us ? "asked" : "asked again", NULL);
	tell(c, SESSION_EV_ASKED, &got);
}

/*
 * Sessions that wait are told. Approved: the first consumes it, exactly as if it had asked again. The same person may have
 * asked the same in another session: that one has to ask anew.
 */
static void wake(struct street *s, const char *id)
{
	bool consumed = false;
	struct conn *c;

	while ((c = waiting_for(s, id))) {
		struct approval now = {.state = APPROVAL_DENIED}, got = {0};

		c->approval_id[0] = '\0';
		if (audit_approval_get(s->audit, id, &now)) /* afresh: what the ledger lends does not last */
			now = (struct approval){.state = APPROVAL_DENIED};
		if (now.state == APPROVAL_APPROVED && !consumed &&
			!audit_approval_ask(s->audit, &now, (int64_t)street_now().wall_us, &got, &consumed) &&
			consumed) {
			record(s, &got, "consumed", NULL);
			tell(c, SESSION_EV_APPROVED, &got);
		} else {
			tell(c, SESSION_EV_NOT_APPROVED, &now);
		}
	}
}

/* Which approval it is, we know ourselves: the session has gone on when it is our turn. */
void approvals_withdraw(struct conn *c, const char *why)
{
	struct street *s = c->street;
	struct approval a = {0};
	char id[sizeof(c->approval_id)];
	int err;

	memcpy(id, c->approval_id, sizeof(id));
	c->approval_id[0] = '\0';
	if (!id[0])
		return;
	err = why ? audit_approval_decide(s->audit, id, APPROVAL_WITHDRAWN, NULL, why, (int64_t)street_now().wall_us, &a) :
		    audit_approval_get(s->audit, id, &a);
	if (err) /* decided meanwhile */
		return;
	record(s, &a, why ? "withdrawn" : "no longer waited for", why);
	if (why)
		wake(s, id);
}

void approvals_forget(struct conn *c)
{
	c->approval_id[0] = '\0';
}

/* Inside the ledger's transaction: sessions are told afterwards, because what they do next may need one of its own. */
static bool on_expired(void *ctx, const struct approval *a)
{
	struct street *s = ctx;

	record(s, a, "expired", NULL);
	for (struct conn *c = s->conns; c; c = c->next)
		c->is_approval_over |= strcmp(c->approval_id, a->id) == 0;
	return true;
}

void approvals_expire(struct street *s)
{
	int err = audit_approval_expire(s->audit, (int64_t)street_now().wall_us, on_expired, s);
	struct conn *c = s->conns;

	if (err)
		qw_log(QW_LOG_ERROR, "approval.failed", "detail", qw_error_text(err), NULL);
	while (c) {
		struct approval a = {.state = APPROVAL_EXPIRED};

		if (!c->is_approval_over) {
			c = c->next;
			continue;
		}
		if (audit_approval_get(s->audit, c->approval_id, &a))
			a = (struct approval){.state = APPROVAL_EXPIRED};
		c->is_approval_over = false;
		c->approval_id[0] = '\0';
		tell(c, SESSION_EV_NOT_APPROVED, &a);
		c = s->conns; /* the list may have changed */
	}
}

const char *street_decide(struct street *s, const char *id, bool approve, const char *approver_issuer,
	const char *approver_subject, const char *reason, struct approval *out)
{
	static char name[512]; /* loop thread only */
	int64_t now_us = (int64_t)street_now().wall_us;
	struct approval a = {0};
	const char *why;
	int err = audit_approval_get(s->audit, id, &a);

	if (err)
		return err == QW_E_NOTFOUND ? "there is no approval with this id" : qw_error_text(err);
	why = approval_refuse_decision(&a, approver_issuer, approver_subject, now_us);
	if (why)
		return why;
	(void)snprintf(name, sizeof(name), "%s|%s", approver_issuer, approver_subject);
	err = audit_approval_decide(s->audit, id, approve ? APPROVAL_APPROVED : APPROVAL_DENIED, name, reason, now_us, &a);
	if (err)
		return err == QW_E_STATE ? "it has been decided already" : qw_error_text(err);
	record(s, &a, approve ? "approved" : "denied", reason);
	wake(s, id);
	if (audit_approval_get(s->audit, id, out)) /* what lies in `a` may be gone by now */
		*out = (struct approval){.state = approve ? APPROVAL_APPROVED : APPROVAL_DENIED};
	return NULL;
}
