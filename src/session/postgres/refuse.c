/* Saying no: what the agent reads, and how the server is made to fail at the same place. */
#include "../machine.h"
#include "../mysql/conversation.h"

#include <stdio.h>
#include <stdlib.h>

enum { DETAIL_BYTES_MAX = 256 * 1024 };

struct refusal *refusal_new(const char *sqlstate, const char *rule, const char *message, const char *detail, const char *hint)
{
	struct refusal *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	qw_arena_init(&r->arena, 64 * 1024);
	r->sqlstate = qw_arena_strdup(&r->arena, qw_bytes_from(sqlstate));
	r->rule = qw_arena_strdup(&r->arena, qw_bytes_from(rule));
	r->message = qw_arena_strdup(&r->arena, qw_bytes_from(message));
	r->detail = detail ? qw_arena_strdup(&r->arena, qw_bytes_from(detail)) : NULL;
	r->hint = hint ? qw_arena_strdup(&r->arena, qw_bytes_from(hint)) : NULL;
	if (!r->sqlstate || !r->rule || !r->message) {
		refusal_free(r);
		return NULL;
	}
	return r;
}

struct refusal *refusal_about(struct refusal *r, const char *verb, const char *object)
{
	if (r && verb)
		r->verb = qw_arena_strdup(&r->arena, qw_bytes_from(verb));
	if (r && object)
		r->object = qw_arena_strdup(&r->arena, qw_bytes_from(object));
	return r;
}

struct refusal *refusal_copy(const struct refusal *r)
{
	return refusal_about(refusal_new(r->sqlstate, r->rule, r->message, r->detail, r->hint), r->verb, r->object);
}

void refusal_free(struct refusal *r)
{
	if (!r)
		return;
	qw_arena_fini(&r->arena);
	free(r);
}

static const char *hint_of(const struct policy_verdict *v)
{
	if (strcmp(v->rule, "default") == 0)
		return "Nothing in the policy allows this to your role. Ask for a rule, or use what is allowed.";
	return "This rule holds for your role; repeating the statement will not help.";
}

struct refusal *refusal_of_verdict(const struct policy_verdict *v, const struct judged *j)
{
	char what[400], message[600], object[200];
	const struct qw_act *a = v->act;

	if (j && j->is_unparsed && j->facts.problem) {
		(void)snprintf(message, sizeof(message), "this statement cannot be judged: %.400s", j->facts.problem);
		return refusal_new("42601", v->rule, message, v->message,
			"The gateway refuses what it cannot read. Correct or simplify the statement.");
	}
	if (!a)
		(void)snprintf(what, sizeof(what), "statement");
	else if (a->name)
		(void)snprintf(what, sizeof(what), "%s on %s %s%s%.120s", qw_verb_name(a->verb), a->kind_name,
			a->schema ? a->schema : "", a->schema ? "." : "", a->name);
	else
		(void)snprintf(what, sizeof(what), "%s", qw_verb_name(a->verb));
	(void)snprintf(message, sizeof(message), "blocked by policy rule \"%s\": %s", v->rule, what);
	if (a && a->name)
		(void)snprintf(object, sizeof(object), "%s%s%s", a->schema ? a->schema : "", a->schema ? "." : "", a->name);
	return refusal_about(refusal_new("42501", v->rule, message,
				     v->message ? v->message : "No rule of the policy allows it.", hint_of(v)),
		a ? qw_verb_name(a->verb) : NULL, a && a->name ? object : NULL);
}

/* ---- for programs ---- */

static bool is_bare(const char *value)
{
	static const char bare[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-*@";

	return *value && value[strspn(value, bare)] == '\0';
}

/* Names are the client's and the database's: nothing in them may look like a field or a line of ours. */
static int put_quoted(struct qw_buf *out, const char *value)
{
	int err = qw_buf_append(out, "\"", 1);

	for (; !err && *value; value++) {
		unsigned char c = (unsigned char)*value;

		if (c == '"' || c == '\\')
			err = qw_buf_printf(out, "\\%c", c);
		else if (c < 0x20 || c == 0x7f)
			err = qw_buf_printf(out, "\\x%02x", c);
		else
			err = qw_buf_append(out, &c, 1);
	}
	return err ? err : qw_buf_append(out, "\"", 1);
}

static int put_field(struct qw_buf *out, const char *key, const char *value)
{
	int err;

	if (!value)
		return 0;
	err = qw_buf_printf(out, " %s=", key);
	if (err)
		return err;
	return is_bare(value) ? qw_buf_append(out, value, strlen(value)) : put_quoted(out, value);
}

int refusal_fields(struct qw_buf *out, const struct refusal *r)
{
	int err = qw_buf_printf(out, "querywarden:");

	if (!err)
		err = put_field(out, "rule", r->rule);
	if (!err)
		err = put_field(out, "sqlstate", r->sqlstate);
	if (!err)
		err = put_field(out, "verb", r->verb);
	if (!err)
		err = put_field(out, "object", r->object);
	if (!err)
		err = put_field(out, "ticket", r->ticket);
	return err;
}

static int put_detail(struct qw_buf *out, const struct refusal *r)
{
	int err = r->detail && *r->detail ? qw_buf_printf(out, "%s\n", r->detail) : 0;

	if (!err)
		err = refusal_fields(out, r);
	return err ? err : qw_buf_append(out, "", 1);
}

void refusal_put_as(struct session *s, const char *severity, const struct refusal *r)
{
	struct qw_buf detail;
	int err;

	if (s->my) {
		if (strcmp(severity, "NOTICE") != 0)
			my_refusal_put(s, r);
		return;
	}
	qw_buf_init(&detail, DETAIL_BYTES_MAX);
	err = put_detail(&detail, r);
	if (!err)
		err = pgwire_put_error(&s->out[SESSION_CLIENT], strcmp(severity, "NOTICE") == 0 ? 'N' : 'E', severity, r->sqlstate,
			r->message, (const char *)detail.p, r->hint);
	qw_buf_fini(&detail);
	session_put(s, SESSION_CLIENT, err);
}

void refusal_put(struct session *s, const struct refusal *r)
{
	refusal_put_as(s, "ERROR", r);
}

static void poison(struct session *s, struct refusal *r, enum pending_kind kind)
{
	struct pending *p = pending_push(s, kind);

	if (!p) { /* closed: there is nobody to tell */
		refusal_free(r);
		return;
	}
	p->is_poison = true;
	p->refusal = r;
	if (kind == PENDING_QUERY)
		session_put(s, SESSION_UPSTREAM, pgwire_put_query(&s->out[SESSION_UPSTREAM], s->poison));
	else
		session_put(s, SESSION_UPSTREAM, pgwire_put_describe(&s->out[SESSION_UPSTREAM], 'S', s->poison));
}

/*
 * postgres-wire 1.9: a denied message is replaced by one that must fail, so that the server's transaction fails where the
 * client believes it failed. Only a Query outside of any transaction is answered without the server.
 */
bool refuse_inject(struct session *s, struct refusal *r, bool is_query)
{
	if (!is_query) {
		poison(s, r, PENDING_DESCRIBE_STATEMENT);
		s->skipping = true;
		return true;
	}
	if (s->pending_count)
		return false;
	if (s->tx_status == 'T') {
		poison(s, r, PENDING_QUERY);
		return true;
	}
	prepared_drop(s, ""); /* any Query ends the unnamed statement and portal, and the client believes it was one */
	portal_drop(s, "");
	refusal_put(s, r);
	session_put(s, SESSION_CLIENT, pgwire_put_ready(&s->out[SESSION_CLIENT], s->tx_status));
	refusal_free(r);
	return true;
}
