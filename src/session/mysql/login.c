/* From the identity to the first OK: role, target, upstream, the record of the opening. */
#include "conversation.h"

#include <stdio.h>

static bool target_has(const struct config_target *t, const char *database)
{
	for (size_t k = 0; k < t->database_count; k++)
		if (strcmp(t->databases[k], "*") == 0 || strcmp(t->databases[k], database) == 0)
			return true;
	return false;
}

bool my_reaches(const struct session *s, const char *database)
{
	return target_has(s->target, database) && policy_role_reaches(s->role, database);
}

/* Without a database: the role has to reach one of those that the target has. */
const struct policy_role *my_role(const struct session *s)
{
	const struct principal *p = &s->principal;
	const struct policy_role *role = NULL;

	if (*s->database)
		return target_has(s->target, s->database) ?
			policy_role_find(s->policy, s->user, s->database, p->claims, p->claim_count) : NULL;
	for (size_t k = 0; !role && k < s->target->database_count; k++) {
		const char *name = strcmp(s->target->databases[k], "*") == 0 ? "" : s->target->databases[k];

		role = policy_role_find(s->policy, s->user, name, p->claims, p->claim_count);
	}
	return role;
}

static bool admit(struct session *s)
{
	if (!my_charset_of(s->my->collation)) {
		session_fatal(s, "22023", "this character set is not possible through the gateway",
			"Use utf8mb4, utf8mb3, latin1 or ascii.");
		return false;
	}
	return guards_admit(s);
}

/* A star names none: then labels are those of no database in particular. */
static void set_home(struct session *s)
{
	const char *home = s->database;

	for (size_t k = 0; !*home && k < s->target->database_count; k++)
		if (strcmp(s->target->databases[k], "*") != 0 && policy_role_reaches(s->role, s->target->databases[k]))
			home = s->target->databases[k];
	if (strlen(home) <= MY_DATABASE_MAX)
		memcpy(s->my->home, home, strlen(home) + 1);
}

void my_identified(struct session *s, const struct principal *p)
{
	struct my_conversation *my = s->my;
	struct session_action *a;

	if (s->state != STATE_IDENTIFYING)
		return;
	if (!login_take_principal(s, p)) {
		session_out_of_memory(s);
		return;
	}
	s->role = my_role(s);
	if (!s->role) {
		login_refuse_role(s, "no role of the policy matches, or the target does not have this database");
		return;
	}
	set_home(s);
	if (!admit(s))
		return;
	login_rights(s);
	settings_extend(s, qw_bytes_from(my_charset_of(my->collation)));
	settings_extend(s, qw_bytes(&my->client.capabilities, sizeof(my->client.capabilities)));
	s->session_deadline_us = login_session_end(s);
	s->connect = (struct session_connect){.dialect = UPSTREAM_MYSQL, .target = s->target, .application_name = s->application_name,
		.database = *my->database ? my->database : NULL,
		.client_flags = my->client.capabilities & UPSTREAM_MYSQL_FLAGS & ~(uint32_t)MYWIRE_MULTI_STATEMENTS};
	a = session_queue(s, SESSION_DO_CONNECT);
	if (!a)
		return;
	a->connect = &s->connect;
	s->login_deadline_us += 1000000ull * (s->target->up.connect_timeout_s + 5);
	s->state = STATE_CONNECTING;
}

/* Before any greeting: clients show it. */
bool my_version_failed(struct session *s, const struct upstream_failure *f)
{
	if (s->state != STATE_FIRST || s->my->login != MY_LOGIN_VERSION)
		return false;
	session_fatal(s, "08001", f->message, NULL);
	return true;
}

void my_connected(struct session *s, const struct session_connected *c)
{
	struct my_conversation *my = s->my;

	if (s->state != STATE_CONNECTING)
		return;
	if (!login_take_connected(s, c)) {
		session_out_of_memory(s);
		return;
	}
	my->upstream = (struct mywire_link){.capabilities = c->mysql.capabilities, .extended = c->mysql.extended};
	my->dialect.flavour = c->mysql.is_mariadb ? MYSQL_FLAVOUR_MARIADB : MYSQL_FLAVOUR_MYSQL;
	my->dialect.version = c->server_version;
	if (!my_take_parameters(s))
		return;
	s->state = STATE_LABELLING;
	if (!s->wants_trees) {
		login_labelled(s);
		return;
	}
	(void)session_queue(s, SESSION_DO_CATALOG);
	s->labels_pending = true;
}

/* Whoever has it may cancel: all sessions of one principal have the same. */
bool my_cancel_key(struct session *s, uint8_t key[QW_DIGEST_BYTES])
{
	struct qw_digest *d = qw_digest_new();
	bool ok = d && !qw_digest_start(d) && !qw_digest_add(d, qw_bytes(s->principal.issuer, strlen(s->principal.issuer) + 1)) &&
		!qw_digest_add(d, qw_bytes_from(s->principal.subject)) && !qw_digest_end(d, key);

	qw_digest_free(d);
	if (!ok)
		session_out_of_memory(s);
	return ok;
}

static void register_cancel(struct session *s)
{
	uint8_t key[QW_DIGEST_BYTES];

	if (!my_cancel_key(s, key))
		return;
	session_queue_bytes(s, SESSION_DO_REGISTER_CANCEL, qw_bytes(key, sizeof(key)));
	if (s->state != STATE_CLOSED)
		s->queue[(s->queue_head + s->queue_count - 1) % s->queue_cap].action.pid = s->my->id;
}

void my_opened(struct session *s)
{
	struct my_conversation *my = s->my;
	const char *charset = my_charset_of(my->collation);
	struct myreply_ok ok = {.status = my->status};

	s->state = STATE_READY;
	s->login_deadline_us = 0;
	session_log(s, "session.open", s->application_name);
	register_cancel(s);
	session_put(s, SESSION_CLIENT, myreply_put_ok(&s->out[SESSION_CLIENT], &my->seq_out, my->client, &ok));
	s->account_mark = qw_buf_pending(&s->out[SESSION_CLIENT]).n;
	my->seq_out = 0;
	(void)snprintf(my->names, sizeof(my->names), "%s", UPSTREAM_MYSQL_NAMES);
	if (my->collation == (my->dialect.flavour == MYSQL_FLAVOUR_MARIADB ? MYWIRE_COLLATION_MARIADB : MYWIRE_COLLATION_MYSQL))
		return; /* that is what these names mean */
	(void)snprintf(my->names, sizeof(my->names), "SET NAMES %s, collation_connection = %u", charset, (unsigned)my->collation);
	my_own(s, my->names);
}
