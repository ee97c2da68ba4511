/* The three lists: where agents connect, who vouches for them, which databases lie behind. */
#include "config_int.h"

const char *const dialect_words[] = {[UPSTREAM_POSTGRES] = "postgres", [UPSTREAM_MYSQL] = "mysql", NULL};

static bool read_dialect(struct loader *l, const struct yaml_node *n, enum upstream_dialect *out)
{
	unsigned word = UPSTREAM_POSTGRES;

	if (!value_word(l, n, "dialect", dialect_words, &word))
		return false;
	*out = (enum upstream_dialect)word;
	return true;
}

static bool read_listener(struct loader *l, const struct yaml_node *n, struct config_listener *out)
{
	static const char *const keys[] = {"dialect", "target", "address", "port", "tls", NULL};
	static const char *const tls_keys[] = {"certificate", "key", NULL};
	const struct yaml_node *tls;

	if (!yaml_only(&l->r, n, keys) || !yaml_need(&l->r, n, "address") ||
		!yaml_need(&l->r, n, "port"))
		return false;
	tls = yaml_get(n, "tls");
	if (!tls)
		yaml_fail(&l->r, n,
			"a listener without TLS would hand tokens to anybody on the way: add "
			"tls: {certificate: FILE, key: FILE}");
	return tls && yaml_only(&l->r, tls, tls_keys) && read_dialect(l, n, &out->dialect) &&
	       value_address(l, n, "address", &out->address) &&
	       value_u16(l, n, "port", (struct value_range){0, 65535}, &out->port) &&
	       need_path(l, tls, "certificate", &out->certificate) &&
	       need_path(l, tls, "key", &out->key);
}

bool read_listeners(struct loader *l, const struct yaml_node *root)
{
	struct config *c = l->c;
	const struct yaml_node *n;
	size_t i, j;

	c->listeners = need_list(l, root, "listen", sizeof(*c->listeners), &c->listener_count);
	if (!c->listeners)
		return false;
	for (n = yaml_get(root, "listen")->first, i = 0; n; n = n->next, i++) {
		const struct config_listener *a = &c->listeners[i];

		if (!read_listener(l, n, &c->listeners[i]))
			return false;
		for (j = 0; j < i; j++) {
			if (a->port == 0 || a->port != c->listeners[j].port ||
				strcmp(a->address, c->listeners[j].address) != 0)
				continue;
			yaml_fail(&l->r, n,
				"%s port %u is listened on already: change the port or remove this "
				"entry",
				a->address, a->port);
			return false;
		}
	}
	return true;
}

/* RFC 8725: asymmetric signatures only; the verifier's own list. */
static bool check_algorithms(
	struct loader *l, const struct yaml_node *n, const struct identity_issuer *id)
{
	static const char *const known[] = {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512",
		"ES256", "ES384", "ES512", "EdDSA", NULL};
	size_t i, k;

	for (i = 0; i < id->algorithm_count; i++) {
		const char *name = id->algorithms[i];

		for (k = 0; known[k] && strcmp(known[k], name) != 0; k++)
			;
		if (known[k])
			continue;
		if (strncasecmp(name, "HS", 2) == 0 || strcasecmp(name, "none") == 0)
			yaml_fail(&l->r, n,
				"the algorithm %.20s is never accepted (anybody could sign): write "
				"RS256, ES256 or EdDSA",
				name);
		else
			yaml_fail(&l->r, n, "unknown algorithm \"%.60s\": did you mean \"%s\"?",
				name,
				yaml_nearest(name, known) ? yaml_nearest(name, known) : known[0]);
		return false;
	}
	return true;
}

static bool read_key_source(struct loader *l, const struct yaml_node *n, struct config_issuer *out)
{
	const struct yaml_node *issuer = yaml_get(n, "issuer");

	if (!value_path(l, n, "jwks_file", &out->jwks_file) ||
		!value_bool(l, n, "discovery", &out->discovery) ||
		!value_path(l, n, "ca_file", &out->ca_file))
		return false;
	if (!out->jwks_file == !out->discovery) {
		yaml_fail(&l->r, n,
			"issuer \"%s\" needs exactly one source of keys: jwks_file: FILE, or "
			"discovery: true",
			out->id.name);
		return false;
	}
	if (out->discovery && strncmp(out->id.issuer, "https://", 8) != 0) {
		yaml_fail(&l->r, issuer,
			"discovery works over https only: write https://... , or use jwks_file");
		return false;
	}
	if (!out->discovery && out->ca_file) {
		yaml_fail(
			&l->r, yaml_get(n, "ca_file"), "ca_file is for discovery only: remove it");
		return false;
	}
	return true;
}

static bool read_issuer(struct loader *l, const struct yaml_node *n, struct config_issuer *out)
{
	static const char *const keys[] = {"name", "issuer", "audience", "algorithms",
		"lifetime_max_s", "skew_s", "jwks_file", "discovery", "ca_file", "refresh_s",
		"stale_max_s", NULL};
	const struct yaml_node *algorithms;

	out->id.skew_s = 30;
	out->refresh_s = 900;
	out->stale_max_s = 86400;
	if (!yaml_only(&l->r, n, keys) || !need_string(l, n, "name", &out->id.name) ||
		!need_string(l, n, "issuer", &out->id.issuer) ||
		!need_string(l, n, "audience", &out->id.audience))
		return false;
	algorithms = yaml_need(&l->r, n, "algorithms");
	return algorithms &&
	       yaml_strings(&l->r, algorithms, &out->id.algorithms, &out->id.algorithm_count) &&
	       check_algorithms(l, algorithms, &out->id) &&
	       value_u32(l, n, "lifetime_max_s", (struct value_range){0, 31536000},
		       &out->id.lifetime_max_s) &&
	       value_u32(l, n, "skew_s", (struct value_range){0, 300}, &out->id.skew_s) &&
	       value_u32(l, n, "refresh_s", (struct value_range){30, 86400}, &out->refresh_s) &&
	       value_u32(
		       l, n, "stale_max_s", (struct value_range){60, 604800}, &out->stale_max_s) &&
	       read_key_source(l, n, out);
}

bool read_issuers(struct loader *l, const struct yaml_node *root)
{
	struct config *c = l->c;
	const struct yaml_node *n;
	size_t i, j;

	c->issuers = need_list(l, root, "issuers", sizeof(*c->issuers), &c->issuer_count);
	if (!c->issuers)
		return false;
	for (n = yaml_get(root, "issuers")->first, i = 0; n; n = n->next, i++) {
		const struct identity_issuer *a = &c->issuers[i].id;

		if (!read_issuer(l, n, &c->issuers[i]))
			return false;
		for (j = 0; j < i; j++) {
			const struct identity_issuer *b = &c->issuers[j].id;

			if (strcmp(a->name, b->name) != 0 && strcmp(a->issuer, b->issuer) != 0)
				continue;
			yaml_fail(&l->r, n,
				"the issuer \"%s\" (%s) has an entry already: each name and each "
				"issuer once",
				a->name, a->issuer);
			return false;
		}
	}
	return true;
}

static bool read_target_tls(struct loader *l, const struct yaml_node *n, struct upstream_target *up)
{
	static const char *const keys[] = {"mode", "ca_file", "channel_binding", NULL};
	/* Not prefer, not allow: both fall back to plain text when somebody in between wishes so. */
	static const char *const modes[] = {"verify-full", "verify-ca", "require", "disable", NULL};
	static const char *const bindings[] = {"prefer", "require", "disable", NULL};
	const struct yaml_node *tls = yaml_get(n, "tls");
	unsigned mode = 0, binding = 0;

	if (tls && (!yaml_only(&l->r, tls, keys) || !value_word(l, tls, "mode", modes, &mode) ||
			   !value_word(l, tls, "channel_binding", bindings, &binding) ||
			   !value_path(l, tls, "ca_file", &up->tls_ca_file)))
		return false;
	up->tls_mode = modes[mode];
	up->channel_binding = bindings[binding];
	if (up->dialect == UPSTREAM_POSTGRES || !tls || !yaml_get(tls, "channel_binding"))
		return true;
	yaml_fail(&l->r, yaml_get(tls, "channel_binding"), "MySQL has no channel binding: remove channel_binding");
	return false;
}

static bool read_target(struct loader *l, const struct yaml_node *n, struct config_target *out)
{
	static const char *const keys[] = {"name", "dialect", "host", "port", "databases", "credential", "tls",
		"connect_timeout_s", NULL};
	const struct yaml_node *databases;

	if (!yaml_only(&l->r, n, keys) || !read_dialect(l, n, &out->up.dialect))
		return false;
	out->up.port = out->up.dialect == UPSTREAM_MYSQL ? 3306 : 5432;
	out->up.connect_timeout_s = 10;
	if (!need_string(l, n, "name", &out->up.name) ||
		!yaml_need(&l->r, n, "host") || !value_address(l, n, "host", &out->up.host) ||
		!need_string(l, n, "credential", &out->up.credential))
		return false;
	databases = yaml_need(&l->r, n, "databases");
	return databases && yaml_strings(&l->r, databases, &out->databases, &out->database_count) &&
	       value_u16(l, n, "port", (struct value_range){1, 65535}, &out->up.port) &&
	       value_u32(l, n, "connect_timeout_s", (struct value_range){1, 600},
		       &out->up.connect_timeout_s) &&
	       read_target_tls(l, n, &out->up);
}

/* A database is found in one target only; "*" takes what no other target names. A MySQL client's target is its listener's. */
static bool database_is_free(
	struct loader *l, const struct yaml_node *n, const struct config_target *t, size_t before)
{
	size_t i, j, k;

	for (i = 0; i < before; i++) {
		const struct config_target *other = &l->c->targets[i];

		if (strcmp(other->up.name, t->up.name) == 0) {
			yaml_fail(&l->r, n,
				"the target \"%s\" has an entry already: choose another name",
				t->up.name);
			return false;
		}
		if (t->up.dialect != UPSTREAM_POSTGRES || other->up.dialect != UPSTREAM_POSTGRES)
			continue;
		for (j = 0; j < t->database_count; j++) {
			for (k = 0; k < other->database_count; k++) {
				if (strcmp(t->databases[j], other->databases[k]) != 0)
					continue;
				yaml_fail(&l->r, yaml_get(n, "databases"),
					"the database \"%s\" belongs to the target \"%s\" already: "
					"name it once",
					t->databases[j], other->up.name);
				return false;
			}
		}
	}
	return true;
}

bool read_targets(struct loader *l, const struct yaml_node *root)
{
	struct config *c = l->c;
	const struct yaml_node *n;
	size_t i;

	c->targets = need_list(l, root, "targets", sizeof(*c->targets), &c->target_count);
	if (!c->targets)
		return false;
	for (n = yaml_get(root, "targets")->first, i = 0; n; n = n->next, i++)
		if (!read_target(l, n, &c->targets[i]) ||
			!database_is_free(l, n, &c->targets[i], i))
			return false;
	return true;
}
