/* Session settings: what a client may ask for at startup, what stays pinned, and a digest of all that was changed. */
#include "machine.h"

#include <stdio.h>
#include <strings.h>

/* A chain: equal digests mean equal histories of changes, hence equal settings. Seeded by the startup settings. */
void settings_extend(struct session *s, struct qw_bytes what)
{
	if (!s->digest)
		s->digest = qw_digest_new();
	if (!s->digest || qw_digest_start(s->digest) ||
		qw_digest_add(s->digest, qw_bytes(s->settings_digest, sizeof(s->settings_digest))) ||
		qw_digest_add(s->digest, what) || qw_digest_end(s->digest, s->settings_digest))
		session_out_of_memory(s);
}

static bool is_utf8(const char *v)
{
	return strcasecmp(v, "utf8") == 0 || strcasecmp(v, "utf-8") == 0 || strcasecmp(v, "unicode") == 0 ||
		strcasecmp(v, "'utf-8'") == 0 || strcasecmp(v, "'utf8'") == 0;
}

static bool is_on(const char *v)
{
	return strcasecmp(v, "on") == 0 || strcasecmp(v, "true") == 0 || strcmp(v, "1") == 0;
}

static enum qw_verb verb_of(const char *name, const char *value)
{
	if (strcmp(name, "client_encoding") == 0)
		return is_utf8(value) ? QW_VERB_SET : QW_VERB_SET_PINNED;
	if (strcmp(name, "standard_conforming_strings") == 0)
		return is_on(value) ? QW_VERB_SET : QW_VERB_SET_PINNED;
	if (strcmp(name, "backslash_quote") == 0)
		return QW_VERB_SET_PINNED;
	if (strcmp(name, "role") == 0 || strcmp(name, "session_authorization") == 0)
		return QW_VERB_SET_ROLE;
	return QW_VERB_SET;
}

static bool refuse_setting(struct session *s, const char *name)
{
	char message[200];

	(void)snprintf(message, sizeof(message), "the startup setting \"%.60s\" is not allowed for this role", name);
	session_fatal(s, "42501", message, "Leave it out of the connection string.");
	return false;
}

static bool keep(struct session *s, const char *name, const char *value)
{
	struct upstream_parameter *p = &s->settings[s->setting_count++];

	p->name = qw_arena_strdup(&s->arena, qw_bytes_from(name));
	p->value = qw_arena_strdup(&s->arena, qw_bytes_from(value));
	if (!p->name || !p->value) {
		session_out_of_memory(s);
		return false;
	}
	settings_extend(s, qw_bytes(p->name, strlen(p->name) + 1));
	settings_extend(s, qw_bytes(p->value, strlen(p->value) + 1));
	return true;
}

static bool accept_one(struct session *s, const char *name, const char *value)
{
	char lower[64];
	struct qw_act act = {.kind = QW_OBJECT_SETTING, .kind_name = "setting", .name = lower, .value = value};
	struct policy_verdict v;
	size_t n = strlen(name);

	if (n >= sizeof(lower))
		return refuse_setting(s, name);
	for (size_t i = 0; i <= n; i++)
		lower[i] = (char)(name[i] >= 'A' && name[i] <= 'Z' ? name[i] + 32 : name[i]);
	if (strcmp(lower, "application_name") == 0) {
		s->application_name = qw_arena_strdup(&s->arena, qw_bytes_from(value));
		return s->application_name != NULL;
	}
	act.verb = verb_of(lower, value);
	if (strcmp(lower, "client_encoding") == 0 && act.verb == QW_VERB_SET)
		return true; /* it is UTF8 anyway */
	judge_acts(s, &act, 1, &v);
	moments_judge_acts(s, &act, 1, &v);
	return v.effect == POLICY_ALLOW ? keep(s, lower, value) : refuse_setting(s, lower);
}

bool settings_accept_startup(struct session *s, const struct pgwire_startup *st)
{
	struct pgwire_parameter parsed[PGWIRE_PARAMETERS_MAX];
	size_t n = 0;

	s->settings = qw_arena_alloc(&s->arena, 2 * PGWIRE_PARAMETERS_MAX * sizeof(*s->settings));
	if (!s->settings) {
		session_out_of_memory(s);
		return false;
	}
	for (size_t i = 0; i < st->parameter_count; i++) {
		const struct pgwire_parameter *p = &st->parameters[i];

		if (strcmp(p->name, "options") != 0) {
			if (!accept_one(s, p->name, p->value))
				return false;
			continue;
		}
		if (pgwire_options_decode(p->value, &s->arena, parsed, PGWIRE_PARAMETERS_MAX, &n))
			return refuse_setting(s, "options");
	}
	for (size_t i = 0; i < n; i++)
		if (!accept_one(s, parsed[i].name, parsed[i].value))
			return false;
	memcpy(s->login_digest, s->settings_digest, sizeof(s->login_digest));
	return true;
}

bool settings_still_pinned(const struct session *s, const struct pgwire_parameter *p)
{
	if (s->pins_off)
		return true;
	if (strcmp(p->name, "client_encoding") == 0)
		return strcmp(p->value, "UTF8") == 0;
	if (strcmp(p->name, "standard_conforming_strings") == 0)
		return strcmp(p->value, "on") == 0;
	return true;
}
