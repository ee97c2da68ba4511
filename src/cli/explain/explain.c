/* querywarden explain: what a session with these claims would be told of a statement, and why; nothing runs. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "../given.h"
#include "../options.h"
#include "explain.h"
#include "qw/cli.h"
#include "qw/digest.h"

enum { ARENA_MAX = 512 << 20, WHY_BYTES = 1024 };

struct given {
	const char *config, *as, *token_file, *target, *database, *role, *when, *sql;
	bool json;
};

static int fail_about(const char *what, const char *name)
{
	(void)fprintf(stderr, "querywarden explain: %s: \"%s\"\n", what, name);
	return 1;
}

/* ---- where ---- */

static const struct config_target *find_target(const struct config *c, const char *name)
{
	for (size_t i = 0; i < c->target_count; i++)
		if (strcmp(c->targets[i].up.name, name) == 0)
			return &c->targets[i];
	return NULL;
}

/* The one that was named and that the target serves, or its only one. NULL: said why. */
static const char *find_database(const struct config_target *t, const char *wanted)
{
	if (!wanted && t->database_count == 1 && strcmp(t->databases[0], "*") != 0)
		return t->databases[0];
	for (size_t i = 0; wanted && i < t->database_count; i++)
		if (strcmp(t->databases[i], "*") == 0 || strcmp(t->databases[i], wanted) == 0)
			return wanted;
	if (wanted)
		(void)fail_about("the target does not serve the database", wanted);
	else
		(void)cli_fail("explain", "the target serves several databases: say which by --database");
	return NULL;
}

/* ---- who ---- */

static int read_claims(const struct given *g, struct qw_arena *arena, struct qw_claim **out, size_t *count)
{
	char *token, *copy;
	int n, err;

	if (g->as) {
		copy = qw_arena_strdup(arena, qw_bytes_from(g->as));
		*out = qw_arena_alloc(arena, GIVEN_CLAIMS_MAX * sizeof(**out));
		n = copy && *out ? given_claims(copy, *out) : -1;
		*count = n < 0 ? 0 : (size_t)n;
		return n < 0 ? cli_fail("explain", "--as wants claim=value,claim=value (at most 64)") : 0;
	}
	token = given_token("explain", g->token_file);
	if (!token)
		return 1;
	err = identity_peek_claims(qw_bytes_from(token), arena, out, count);
	qw_wipe(token, strlen(token));
	free(token);
	if (err)
		return cli_fail("explain", "the token file does not hold a JSON Web Token");
	(void)fputs("note: the token's signature and times were not checked: this is what its claims would get\n", stderr);
	return 0;
}

/* The role of that name, or, without one, the only one that the claims give. NULL: said why. */
static const struct policy_role *find_role(const struct policy *p, const struct given *g, const char *database,
	const struct qw_claim *claims, size_t count)
{
	const struct policy_role *r, *found = NULL;

	if (g->role) {
		found = policy_role_find(p, g->role, database, claims, count);
		if (!found)
			(void)fprintf(stderr, "querywarden explain: these claims do not give the role \"%s\" on the database \"%s\"\n",
				g->role, database);
		return found;
	}
	for (size_t i = 0; (r = policy_role_at(p, i)) != NULL; i++) {
		if (!policy_role_find(p, r->name, database, claims, count))
			continue;
		if (found) {
			(void)fprintf(stderr, "querywarden explain: these claims give \"%s\" and \"%s\": say which by --role\n",
				found->name, r->name);
			return NULL;
		}
		found = r;
	}
	if (!found)
		(void)fail_about("these claims give no role on the database", database);
	return found;
}

/* ---- with the database ---- */

static int fail_upstream(const char *what, const struct upstream_failure *f)
{
	(void)fprintf(stderr, "querywarden explain: %s: %s (%s)%s%s\n", what, f->message, f->sqlstate, f->detail[0] ? ": " : "",
		f->detail);
	return 1;
}

static int judge(struct explanation *e, const struct given *g, const struct sqlparse_limits *limits)
{
	struct upstream_failure failure = {.message = "out of memory"};
	struct qw_statements facts = {.list = NULL};
	int status = 0;

	if (sqlparse_postgres(qw_bytes_from(g->sql), limits, e->arena, &facts))
		return cli_fail("explain", "the statement is too large to describe: it is denied");
	if (explain_judge(e, &facts, &failure))
		return fail_upstream("the statement could not be explained", &failure);
	if (g->json ? explain_print_json(e) : explain_print(e))
		return cli_fail("explain", "the explanation could not be written");
	for (size_t i = 0; i < e->count; i++)
		if (e->list[i].tree == EXPLAIN_TREE_ERROR)
			status = 1;
	return e->problem ? 1 : status;
}

static int with_database(struct explanation *e, const struct given *g, const struct config *c, const struct config_target *t)
{
	struct upstream_failure failure;
	struct catalog *catalog = NULL;
	struct vault *vault = NULL;
	char why[WHY_BYTES] = "";
	int status;

	if (vault_open(c->vault_file, c->vault_key_file, &vault, why, sizeof(why)))
		return cli_fail("explain", why);
	if (upstream_read_catalog(vault, &t->up, e->database, 1, &catalog, &failure)) {
		status = fail_upstream("the catalog cannot be read", &failure);
	} else if (upstream_tree_open(vault, &t->up, e->database, &e->server, &failure)) {
		status = fail_upstream("the database cannot be asked", &failure);
	} else {
		e->server_major = upstream_tree_server_major(e->server);
		e->labels = labels_build(catalog, e->policy, e->role, e->database);
		status = e->labels ? judge(e, g, &c->limits.sql) : cli_fail("explain", "out of memory");
		labels_unref(e->labels);
	}
	upstream_tree_free(e->server);
	catalog_unref(catalog);
	vault_close(vault);
	return status;
}

static int with_policy(const struct given *g, const struct config *c, const struct policy *p, struct qw_arena *arena)
{
	const struct config_target *t = find_target(c, g->target);
	struct explanation e = {.target = g->target, .policy = p, .arena = arena,
		.moment = {.wall_us = (uint64_t)time(NULL) * 1000000}};
	struct qw_claim *claims = NULL;
	size_t count = 0;

	if (!t)
		return fail_about("the configuration has no target", g->target);
	e.database = find_database(t, g->database);
	if (!e.database || read_claims(g, arena, &claims, &count))
		return 1;
	e.role = find_role(p, g, e.database, claims, count);
	if (!e.role)
		return 1;
	(void)given_when(g->when, &e.moment);
	return with_database(&e, g, c, t);
}

static int explain(const struct given *g, const struct config *c)
{
	struct policy *p = given_policy(c->policy_file);
	struct qw_arena arena;
	int status = 1;

	qw_arena_init(&arena, ARENA_MAX);
	if (p)
		status = with_policy(g, c, p, &arena);
	qw_arena_fini(&arena);
	policy_free(p);
	return status;
}

int cli_explain(int argc, char **argv)
{
	struct given g = {.sql = NULL};
	const struct cli_option options[] = {{"--config", &g.config, NULL}, {"--as", &g.as, NULL}, {"--token-file", &g.token_file, NULL},
		{"--target", &g.target, NULL}, {"--database", &g.database, NULL}, {"--role", &g.role, NULL}, {"--when", &g.when, NULL},
		{"--json", NULL, &g.json}};
	struct policy_moment moment = {0};
	struct config config = {0};
	int status;

	if (cli_parse(argc, argv, options, QW_COUNT(options), &g.sql, 1) != 1 || !g.config || !g.target || !g.as == !g.token_file ||
		!given_when(g.when, &moment))
		return cli_usage("explain");
	if (vault_harden_process() || upstream_process_init())
		return cli_fail("explain", "the process could not be hardened (locked memory, core dumps)");
	if (cli_config_load(g.config, &config))
		return 1;
	status = explain(&g, &config);
	config_fini(&config);
	return status;
}
