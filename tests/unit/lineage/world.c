#include "world.h"

#include <stdio.h>
#include <stdlib.h>

#include "../labels/policy_double.h"

enum { MASKS_MAX = 32, OPTIONS_MAX = 16 };

struct test_world {
	struct labels *labels;
	struct policy policy;
	struct policy_mask masks[MASKS_MAX];
	const char *patterns[MASKS_MAX];
	const char *compare[OPTIONS_MAX], *apply[OPTIONS_MAX][2];
	size_t compare_count, apply_count, reviewed_count;
	struct mysql_dialect dialect;
	struct sqlparse_limits limits;
	struct lineage_world world;
	char *text;
};

static const struct policy_role agent = {.name = "agent", .id_bit = 1};

static void must(int rc, const char *line)
{
	if (rc == 0)
		return;
	(void)fprintf(stderr, "cannot read: %s (%s)\n", line, qw_error_name(rc));
	abort();
}

static void unescape(char *s)
{
	char *to = s;

	for (; *s; s++, to++) {
		*to = *s;
		if (*s != '\\' || !s[1])
			continue;
		s++;
		*to = (char)(*s == 'n' ? '\n' : *s == 't' ? '\t' : *s);
	}
	*to = '\0';
}

static size_t split(char *line, char **field, size_t max)
{
	size_t n = 0;

	while (line && n < max) {
		field[n++] = line;
		line = strchr(line, '\t');
		if (line)
			*line++ = '\0';
	}
	for (size_t i = 0; i < n; i++)
		unescape(field[i]);
	for (size_t i = n; i < max; i++)
		field[i] = (char *)(uintptr_t)"";
	return n;
}

static uint32_t number(const char *s)
{
	return (uint32_t)strtoul(s, NULL, 10);
}

static enum catalog_relkind kind_of(const char *s)
{
	return *s == 't' ? CATALOG_TABLE : *s == 'v' ? CATALOG_VIEW : *s == 'f' ? CATALOG_FOREIGN : CATALOG_OTHER;
}

static void add_mask(struct test_world *w, const char *name, const char *pattern, enum mask_kind kind)
{
	size_t n = w->policy.count++;

	must(n < MASKS_MAX ? 0 : QW_E_LIMIT, pattern);
	w->patterns[n] = pattern;
	w->masks[n] = (struct policy_mask){
		.spec = {.kind = kind, .name = name}, .columns = &w->patterns[n], .column_count = 1, .roles = 1};
}

static bool is_option(struct test_world *w, char **f)
{
	if (strcmp(f[0], "mask") == 0)
		add_mask(w, f[1], f[2], MASK_REDACT);
	else if (strcmp(f[0], "null") == 0)
		add_mask(w, "null", f[1], MASK_NULL);
	else if (strcmp(f[0], "reviewed") == 0)
		w->policy.reviewed[w->reviewed_count++] = f[1];
	else if (strcmp(f[0], "compare") == 0)
		w->compare[w->compare_count++] = f[1];
	else if (strcmp(f[0], "apply") == 0) {
		w->apply[w->apply_count][0] = f[1];
		w->apply[w->apply_count++][1] = f[2];
	} else if (strcmp(f[0], "database") == 0)
		w->world.database = f[1];
	else if (strcmp(f[0], "flavour") == 0) {
		w->dialect.flavour = strcmp(f[1], "mysql") == 0 ? MYSQL_FLAVOUR_MYSQL : MYSQL_FLAVOUR_MARIADB;
		w->dialect.version = number(f[2]);
	} else
		return false;
	return true;
}

static int add(struct catalog_builder *b, char **f)
{
	int rc;

	if (strcmp(f[0], "relation") == 0)
		return catalog_add_relation(b, number(f[1]), f[2], f[3], kind_of(f[4]));
	if (strcmp(f[0], "column") == 0) {
		rc = catalog_add_column(b, number(f[1]), (int16_t)number(f[2]), f[3], number(f[4]));
		return rc || strcmp(f[5], "hidden") != 0 ? rc : catalog_set_hidden(b, number(f[1]), (int16_t)number(f[2]));
	}
	if (strcmp(f[0], "definition") == 0)
		return catalog_set_definition(b, number(f[1]), f[2]);
	if (strcmp(f[0], "generated") == 0)
		return catalog_add_generated(
			b, number(f[1]), (struct catalog_generated){(int16_t)number(f[2]), (int16_t)number(f[3])});
	if (strcmp(f[0], "hazard") == 0)
		return catalog_add_hazard(b, &(struct catalog_hazard){.subject = number(f[1]), .on = number(f[2]), .text = f[3]});
	if (strcmp(f[0], "function") == 0) {
		struct catalog_function c = {.oid = number(f[1]), .schema = f[2], .name = f[3], .args = "", .language = "sql", .owner = "",
			.kind = f[4][0], .volatility = 'v', .sha256 = "unseen"};

		rc = catalog_add_function_known(b, &c);
		return rc ? rc : catalog_add_function(b, f[3]);
	}
	return QW_E_MALFORMED;
}

static bool may_compare(void *ctx, const struct label *column)
{
	const struct test_world *w = ctx;

	for (size_t i = 0; i < w->compare_count; i++)
		if (strcmp(w->compare[i], column->spec->name) == 0)
			return true;
	return false;
}

static bool may_apply(void *ctx, const struct label *column, const char *schema, const char *function)
{
	const struct test_world *w = ctx;

	for (size_t i = 0; i < w->apply_count && strcmp(schema, "mysql") == 0; i++)
		if (strcmp(w->apply[i][0], column->spec->name) == 0 && strcmp(w->apply[i][1], function) == 0)
			return true;
	return false;
}

struct test_world *test_world_new(const char *text)
{
	struct test_world *w = calloc(1, sizeof(*w));
	struct catalog_builder *b = catalog_builder_new(1);
	struct catalog *c;
	bool folds = false;
	char *next, *f[6];

	must(w && b ? 0 : QW_E_NOMEM, "");
	w->text = strdup(text);
	w->policy.masks = w->masks;
	w->dialect = (struct mysql_dialect){.flavour = MYSQL_FLAVOUR_MARIADB, .version = 101119, .charset = MYSQL_CHARSET_UTF8, .prepares = true};
	w->limits = SQLPARSE_LIMITS_DEFAULT;
	for (char *line = w->text; line; line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		if (!*line || *line == '#')
			continue;
		(void)split(line, f, QW_COUNT(f));
		folds |= strcmp(f[0], "folds") == 0;
		if (strcmp(f[0], "folds") != 0 && !is_option(w, f))
			must(add(b, f), line);
	}
	catalog_set_mysql(b, folds);
	c = catalog_builder_finish(b);
	w->labels = c ? labels_build(c, &w->policy, &agent, "shop") : NULL;
	must(w->labels ? 0 : QW_E_NOMEM, "labels");
	catalog_unref(c);
	w->world.labels = w->labels;
	w->world.dialect = &w->dialect;
	w->world.limits = &w->limits;
	w->world.ctx = w;
	w->world.may_apply = may_apply;
	w->world.may_compare = may_compare;
	return w;
}

struct test_world *test_world_read(const char *file)
{
	return test_world_read_more(file, "");
}

struct test_world *test_world_read_more(const char *file, const char *more)
{
	FILE *in = fopen(file, "r");
	char *text = calloc(1, 4 << 20);
	struct test_world *w;
	size_t n;

	must(in && text ? 0 : QW_E_IO, file);
	n = fread(text, 1, (4 << 20) - 1000, in);
	must(n > 0 ? 0 : QW_E_IO, file);
	(void)snprintf(text + n, 1000, "%s", more);
	(void)fclose(in);
	w = test_world_new(text);
	free(text);
	return w;
}

void test_world_free(struct test_world *w)
{
	labels_unref(w->labels);
	free(w->text);
	free(w);
}

/* ---- telling ---- */
static const char *more(struct qw_arena *a, const char *so_far, const char *word, const char *b, const char *c)
{
	const char *text = qw_arena_printf(a, "%s%s%s%s", so_far, word, b, c);

	must(text ? 0 : QW_E_NOMEM, so_far);
	return text;
}

static const char *count(struct qw_arena *a, const char *so_far, const char *word, size_t n)
{
	const char *text = n ? qw_arena_printf(a, "%s; %s %zu", so_far, word, n) : so_far;

	must(text ? 0 : QW_E_NOMEM, so_far);
	return text;
}

static const char *told(struct qw_arena *a, const struct flow_result *r)
{
	const char *text = "out";

	for (size_t i = 0; i < r->output_count; i++) {
		const struct flow_output *o = &r->outputs[i];

		if (o->label.kind == LABEL_MASK)
			text = more(a, text, " m:", o->label.spec->name, "");
		else
			text = more(a, text, o->label.is_definition ? " d" : " p", "", "");
		if (o->origin_relation)
			text = more(a, text, "=", o->name, "");
	}
	for (size_t i = 0; i < r->act_count; i++) {
		text = more(a, text, i ? ", " : "; acts ", qw_verb_name(r->acts[i].verb), " ");
		text = more(a, text, r->acts[i].schema, ".", r->acts[i].name);
	}
	text = count(a, text, "writes", r->write_count);
	text = count(a, text, "compared", r->equalities);
	text = count(a, text, "applied", r->applied);
	return count(a, text, "calls", r->call_count);
}

const char *test_world_judge(struct test_world *w, const char *sql, struct qw_arena *arena, struct flow_result *out)
{
	struct mysql_parsed p;
	const char *text = "";

	*out = (struct flow_result){0};
	must(sqlparse_mysql(qw_bytes_from(sql), &w->dialect, &w->limits, arena, &p), sql);
	if (p.facts.problem)
		return more(arena, "unparsed ", p.facts.problem, "", "");
	for (size_t i = 0; i < p.facts.count; i++) {
		must(lineage_judge(p.trees[i], p.facts.list[i].text, &w->world, arena, out), sql);
		if (i)
			text = more(arena, text, " / ", "", "");
		if (out->is_refused)
			return more(arena, text, "refuse ", out->refusal.rule, more(arena, " ", out->refusal.object, "", ""));
		text = more(arena, text, told(arena, out), "", "");
	}
	return text;
}

const struct lineage_world *test_world_of(const struct test_world *w)
{
	return &w->world;
}
