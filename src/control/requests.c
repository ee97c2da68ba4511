/* One request of the admin socket, and its answer. */
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>

#include "qw/digest.h"

#include "control.h"

struct request {
	struct street *street;
	request_done_cb done; /* NULL: nobody waits any more */
	void *ctx;
	bool approve, is_starting, is_ended;
	char id[APPROVAL_ID_CHARS + 1];
	char *reason;
};

static json_t *failure(const char *why)
{
	return json_pack("{s:b, s:s}", "ok", 0, "error", why ? why : "failed");
}

/* ---- approvals ---- */

static json_t *approval_json(const struct approval *a)
{
	return json_pack("{s:s, s:s, s:I, s:I, s:I, s:s, s:s?, s:s?, s:s?, s:s?, s:s?, s:s?, s:s?, s:s?, s:s?, s:s?, s:s?, s:s?}",
		"id", a->id, "state", approval_state_name(a->state), "created_us", (json_int_t)a->created_us,
		"expires_us", (json_int_t)a->expires_us, "decided_us", (json_int_t)a->decided_us, "session", a->session,
		"target", a->target, "database", a->database, "role", a->role, "issuer", a->issuer, "subject", a->subject,
		"actor", a->actor, "statement", a->statement, "binds", a->binds_text, "rule", a->rule, "policy_revision",
		a->policy_revision, "approver", a->approver, "reason", a->reason);
}

struct listing {
	json_t *list;
	bool all;
};

static bool on_approval(void *ctx, const struct approval *a)
{
	struct listing *l = ctx;

	if (!l->all && a->state != APPROVAL_PENDING && a->state != APPROVAL_APPROVED)
		return true;
	return json_array_append_new(l->list, approval_json(a)) == 0;
}

static json_t *list_approvals(struct street *s, bool all)
{
	struct listing l = {.list = json_array(), .all = all};
	int err = audit_approval_each(street_audit(s), on_approval, &l);

	if (!err)
		return json_pack("{s:b, s:o}", "ok", 1, "approvals", l.list);
	json_decref(l.list);
	return failure(qw_error_text(err));
}

/* ---- deciding ---- */

static void request_free(struct request *r)
{
	free(r->reason);
	free(r);
}

static void request_end(struct request *r, json_t *answer)
{
	if (r->done)
		r->done(r->ctx, answer);
	else
		json_decref(answer);
	r->is_ended = true;
	if (!r->is_starting)
		request_free(r);
}

static json_t *decide(struct request *r, const char *issuer, const char *subject)
{
	struct approval a = {0};
	const char *why = street_decide(r->street, r->id, r->approve, issuer, subject, r->reason, &a);

	if (why)
		return failure(why);
	return json_pack("{s:b, s:o}", "ok", 1, "approval", approval_json(&a));
}

static void on_identified(void *ctx, const struct principal *p, const char *why)
{
	struct request *r = ctx;

	request_end(r, p ? decide(r, p->issuer, p->subject) : failure(why));
}

/* Without a token the operating system vouches for the person: issuer "unix". */
static void decide_as_peer(struct request *r, const struct request_peer *peer)
{
	char subject[128], buf[1024];
	struct passwd pw, *found = NULL;

	if (getpwuid_r(peer->uid, &pw, buf, sizeof(buf), &found) == 0 && found)
		(void)snprintf(subject, sizeof(subject), "uid:%u(%s)", (unsigned)peer->uid, found->pw_name);
	else
		(void)snprintf(subject, sizeof(subject), "uid:%u", (unsigned)peer->uid);
	request_end(r, decide(r, "unix", subject));
}

static const char *text_of(const json_t *o, const char *key)
{
	return json_string_value(json_object_get(o, key));
}

static struct request *request_new(const char *id, const char *reason)
{
	struct request *r = calloc(1, sizeof(*r));

	if (r && reason)
		r->reason = strdup(reason);
	if (r && (!reason || r->reason)) {
		memcpy(r->id, id, sizeof(r->id));
		return r;
	}
	free(r);
	return NULL;
}

/* NULL: answered already. */
static struct request *start_decision(struct street *s, const struct request_peer *peer, const json_t *o, bool approve,
	request_done_cb done, void *ctx)
{
	const char *id = text_of(o, "id"), *token = text_of(o, "token"), *reason = text_of(o, "reason");
	struct request *r;

	if (!id || strlen(id) != APPROVAL_ID_CHARS || (json_object_get(o, "token") && !token)) {
		done(ctx, failure("this is no approval's id (ten letters and digits), or \"token\" is no text"));
		return NULL;
	}
	if (!approve && (!reason || !*reason)) {
		done(ctx, failure("\"reason\" is needed: the agent reads it"));
		return NULL;
	}
	r = request_new(id, reason);
	if (!r) {
		done(ctx, failure("out of memory"));
		return NULL;
	}
	r->street = s;
	r->approve = approve;
	r->done = done;
	r->ctx = ctx;
	r->is_starting = true; /* it may be over before this function is */
	if (token)
		street_identify(s, qw_bytes_from(token), on_identified, r);
	else
		decide_as_peer(r, peer);
	r->is_starting = false;
	if (!r->is_ended)
		return r;
	request_free(r);
	return NULL;
}

void request_abandon(struct request *r)
{
	if (r)
		r->done = NULL;
}

/* ---- the others ---- */

static json_t *status(struct street *s)
{
	struct street_stats t;
	struct audit_stats a;
	const char *why = NULL;
	bool healthy = metrics_is_healthy(s, &why);

	street_stats_get(s, &t);
	audit_stats_get(street_audit(s), &a);
	return json_pack("{s:b, s:s, s:b, s:s?, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "ok", 1, "name",
		street_config(s)->name, "healthy", healthy ? 1 : 0, "problem", why, "policy_revision",
		policy_revision(street_policy(s)), "uptime_s", (json_int_t)t.uptime_s, "sessions", (json_int_t)t.sessions_open,
		"connections", (json_int_t)t.connections_total, "statements", (json_int_t)t.statements, "refused",
		(json_int_t)t.refused, "held", (json_int_t)t.held, "audit_appended", (json_int_t)a.appended, "audit_durable",
		(json_int_t)a.durable);
}

static json_t *reload(struct street *s)
{
	char why[1024] = "";

	if (street_reload_policy(s, why, sizeof(why)))
		return failure(why);
	return json_pack("{s:b, s:s}", "ok", 1, "policy_revision", policy_revision(street_policy(s)));
}

static void wipe_token(const json_t *o)
{
	const char *token = text_of(o, "token");

	if (token)
		qw_wipe((void *)(uintptr_t)token, strlen(token));
}

struct request *request_start(struct street *s, const struct request_peer *peer, struct qw_bytes line,
	request_done_cb done, void *ctx)
{
	json_error_t e;
	json_t *o = json_loadb((const char *)line.p, line.n, JSON_REJECT_DUPLICATES, &e);
	const char *op = text_of(o, "op");
	struct request *r = NULL;

	if (!op)
		done(ctx, failure("one JSON object a line, with \"op\""));
	else if (strcmp(op, "approvals") == 0)
		done(ctx, list_approvals(s, json_is_true(json_object_get(o, "all"))));
	else if (strcmp(op, "approve") == 0 || strcmp(op, "deny") == 0)
		r = start_decision(s, peer, o, op[0] == 'a', done, ctx);
	else if (strcmp(op, "status") == 0)
		done(ctx, status(s));
	else if (strcmp(op, "reload") == 0)
		done(ctx, reload(s));
	else
		done(ctx, failure("op is one of approvals, approve, deny, status, reload"));
	wipe_token(o);
	json_decref(o);
	return r;
}
