/* From the token to ReadyForQuery: identity, role, target, upstream, labels, the record of the opening. */
#include "../machine.h"
#include "../mysql/conversation.h"

#include <stdio.h>

/* One text for every wrong token: the log says why. */
void login_refused(struct session *s, const char *why)
{
	if (s->state != STATE_IDENTIFYING)
		return;
	session_log(s, "login.refused", why);
	ledger_session_refused(s, why ? why : "token refused");
	session_fatal(s, "28P01", "the token was not accepted",
		"Send a fresh OIDC token of the configured issuer as the password.");
}

const char *login_copied(struct session *s, const char *text)
{
	return text ? qw_arena_strdup(&s->arena, qw_bytes_from(text)) : NULL;
}

bool login_take_principal(struct session *s, const struct principal *p)
{
	struct principal *own = &s->principal;
	bool ok;

	*own = *p;
	own->issuer_name = login_copied(s, p->issuer_name);
	own->issuer = login_copied(s, p->issuer);
	own->subject = login_copied(s, p->subject);
	own->actor = login_copied(s, p->actor);
	own->token_id = login_copied(s, p->token_id);
	own->claims = qw_arena_alloc(&s->arena, p->claim_count * sizeof(*own->claims));
	ok = own->issuer && own->subject && own->claims;
	for (size_t i = 0; ok && i < p->claim_count; i++) {
		own->claims[i].name = login_copied(s, p->claims[i].name);
		own->claims[i].value = login_copied(s, p->claims[i].value);
		ok = own->claims[i].name && own->claims[i].value;
	}
	return ok;
}

static const struct config_target *find_target(const struct session *s)
{
	for (size_t i = 0; i < s->config->target_count; i++) {
		const struct config_target *t = &s->config->targets[i];

		for (size_t k = 0; k < t->database_count; k++)
			if (strcmp(t->databases[k], "*") == 0 || strcmp(t->databases[k], s->database) == 0)
				return t;
	}
	return NULL;
}

void login_refuse_role(struct session *s, const char *why)
{
	char message[256];

	session_log(s, "login.refused", why);
	ledger_session_refused(s, why);
	(void)snprintf(message, sizeof(message), "role \"%.63s\" may not use database \"%.63s\"", s->user, s->database);
	session_fatal(s, "28000", message,
		"The user name of the connection string is a role of the policy; the token's claims must match it.");
}

uint64_t login_session_end(const struct session *s)
{
	uint64_t end = 0, exp_us = (uint64_t)s->principal.expires_at * 1000000u;

	if (s->principal.expires_at > 0)
		end = s->now.mono_us + (exp_us > s->now.wall_us ? exp_us - s->now.wall_us : 1);
	if (s->role->session_max_s) {
		uint64_t most = s->now.mono_us + 1000000ull * s->role->session_max_s;

		end = end && end < most ? end : most;
	}
	return end;
}

static bool role_allows(struct session *s, enum qw_verb verb)
{
	struct qw_act act = {.verb = verb, .kind_name = "statement"};
	struct policy_verdict v;

	judge_acts(s, &act, 1, &v);
	return v.effect == POLICY_ALLOW;
}

/* What the role may do beyond what a star in the policy gives. */
void login_rights(struct session *s)
{
	s->pins_off = role_allows(s, QW_VERB_SET_PINNED);
	s->unparsed_ok = role_allows(s, QW_VERB_UNPARSED);
}

void login_identified(struct session *s, const struct principal *p)
{
	struct session_action *a;

	if (s->my) {
		my_identified(s, p);
		return;
	}
	if (s->state != STATE_IDENTIFYING)
		return;
	if (!login_take_principal(s, p)) {
		session_out_of_memory(s);
		return;
	}
	s->role = policy_role_find(s->policy, s->user, s->database, s->principal.claims, s->principal.claim_count);
	s->target = find_target(s);
	if (!s->role || !s->target) {
		login_refuse_role(s, s->role ? "no target has this database" : "no role of the policy matches");
		return;
	}
	if (!guards_admit(s))
		return;
	login_rights(s);
	if (!settings_accept_startup(s, s->startup))
		return;
	s->session_deadline_us = login_session_end(s);
	s->connect = (struct session_connect){.target = s->target, .database = s->database,
		.application_name = s->application_name, .settings = s->settings, .setting_count = s->setting_count};
	a = session_queue(s, SESSION_DO_CONNECT);
	if (!a)
		return;
	a->connect = &s->connect;
	s->login_deadline_us += 1000000ull * (s->target->up.connect_timeout_s + 5);
	s->state = STATE_CONNECTING;
}

void login_connect_failed(struct session *s, const struct upstream_failure *f)
{
	if (s->my && my_version_failed(s, f))
		return;
	if (s->state != STATE_CONNECTING)
		return;
	session_log(s, "upstream.failed", qw_arena_strdup(&s->arena, qw_bytes_from(f->detail)));
	ledger_session_refused(s, f->message);
	session_fatal(s, f->sqlstate[0] ? f->sqlstate : "08001", f->message, NULL);
}

bool login_take_connected(struct session *s, const struct session_connected *c)
{
	struct upstream_parameter *own = qw_arena_alloc(&s->arena, (c->parameter_count + 1) * sizeof(*own));

	s->connected = *c;
	s->connected.parameters = own;
	for (size_t i = 0; own && i < c->parameter_count; i++) {
		own[i].name = login_copied(s, c->parameters[i].name);
		own[i].value = login_copied(s, c->parameters[i].value);
		if (!own[i].name || !own[i].value)
			return false;
	}
	return own != NULL;
}

void login_connected(struct session *s, const struct session_connected *c)
{
	if (s->my) {
		my_connected(s, c);
		return;
	}
	if (s->state != STATE_CONNECTING)
		return;
	if (!login_take_connected(s, c)) {
		session_out_of_memory(s);
		return;
	}
	s->state = STATE_LABELLING;
	if (!s->wants_trees) {
		login_labelled(s);
		return;
	}
	(void)session_queue(s, SESSION_DO_CATALOG);
	s->labels_pending = true;
}

void login_labelled(struct session *s)
{
	s->state = STATE_OPENING;
	ledger_session_open(s);
}

static void put_parameters(struct session *s)
{
	struct qw_buf *out = &s->out[SESSION_CLIENT];

	for (size_t i = 0; i < s->connected.parameter_count; i++) {
		const struct upstream_parameter *p = &s->connected.parameters[i];
		const char *value = p->value;

		if (strcmp(p->name, "application_name") == 0)
			value = s->application_name ? s->application_name : "";
		session_put(s, SESSION_CLIENT, pgwire_put_parameter_status(out, p->name, value));
	}
}

/* The real process id, a secret of our own: 32 bytes for protocol 3.2, 4 before. */
static void put_key(struct session *s)
{
	struct qw_bytes key = qw_bytes(s->options->entropy, s->minor >= 2 ? 32 : 4);

	if (s->connected.backend_pid == 0)
		return;
	session_queue_bytes(s, SESSION_DO_REGISTER_CANCEL, key);
	if (s->state == STATE_CLOSED)
		return;
	s->queue[(s->queue_head + s->queue_count - 1) % s->queue_cap].action.pid = s->connected.backend_pid;
	session_put(s, SESSION_CLIENT,
		pgwire_put_backend_key(&s->out[SESSION_CLIENT], s->connected.backend_pid, key));
}

void login_opened(struct session *s)
{
	s->state = STATE_READY;
	s->login_deadline_us = 0;
	session_log(s, "session.open", s->application_name);
	session_put(s, SESSION_CLIENT, pgwire_put_auth_ok(&s->out[SESSION_CLIENT]));
	put_parameters(s);
	put_key(s);
	session_put(s, SESSION_CLIENT, pgwire_put_ready(&s->out[SESSION_CLIENT], 'I'));
	s->account_mark = qw_buf_pending(&s->out[SESSION_CLIENT]).n;
}
