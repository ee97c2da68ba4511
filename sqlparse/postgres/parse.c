/* The room's door: checks, libpg_query's raw parse, and the walk over each statement. */
#include "facts.h"
#include "handlers.h"
#include "inner/inner.h"

#include "pg_query.h"
#include "pg_query/pg_query_internal.h"

#include <stdlib.h>

static int refuse(struct qw_statements *out, const char *problem)
{
	*out = (struct qw_statements){.problem = problem};
	return problem ? 0 : QW_E_NOMEM;
}

/* What can be said without parsing; NULL when there is nothing. */
static const char *problem_of_text(
	struct qw_bytes text, const struct sqlparse_limits *limits, struct qw_arena *arena)
{
	if (text.n > limits->text_bytes_max || text.n > INT32_MAX / 2)
		return qw_arena_printf(arena,
			"the statement text is %zu bytes long, the limit is %zu (text_bytes_max): "
			"send it in smaller pieces, or use COPY FROM STDIN for data",
			text.n, limits->text_bytes_max);
	return "the statement text is not valid UTF-8, or holds a zero byte: send UTF-8";
}

static bool is_blank(uint8_t c) /* scan.l: space */
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

static struct qw_bytes trimmed(struct qw_bytes text, int location, int length)
{
	size_t from = location < 0 || (size_t)location > text.n ? 0 : (size_t)location;
	size_t n = length <= 0 || (size_t)length > text.n - from ? text.n - from : (size_t)length;
	struct qw_bytes s = qw_bytes(text.p + from, n);

	while (s.n && is_blank(s.p[0]))
		s = qw_bytes(s.p + 1, s.n - 1);
	while (s.n && (is_blank(s.p[s.n - 1]) || s.p[s.n - 1] == ';'))
		s.n--;
	return s;
}

static const char *problem_of_error(const PgQueryError *e, struct qw_arena *arena)
{
	const char *message = e->message ? e->message : "unknown error";

	if (e->cursorpos > 0)
		return qw_arena_printf(arena,
			"syntax error (PostgreSQL 15 grammar): %s at character %d", message,
			e->cursorpos);
	return qw_arena_printf(arena, "syntax error (PostgreSQL 15 grammar): %s", message);
}

/* What is noted of each statement while the tree lives, in memory of its own. */
struct notes {
	struct qw_arena arena;
	struct inner_note *list;
};

static int allocate(struct walk *w, size_t count, struct notes *notes, struct qw_statements *out)
{
	out->list = qw_arena_alloc(w->arena, count * sizeof(*out->list));
	notes->list = qw_arena_alloc(&notes->arena, count * sizeof(*notes->list));
	return out->list && notes->list ? 0 : QW_E_NOMEM;
}

static int walk_list(const List *tree, struct qw_bytes text, struct walk *w, struct notes *notes,
	struct qw_statements *out)
{
	const int count = list_length(tree);

	if ((size_t)count > w->limits->statements_max)
		return refuse(out,
			qw_arena_printf(w->arena,
				"the text holds %d statements, the limit is %zu (statements_max): "
				"send fewer at a time",
				count, w->limits->statements_max));
	if (count && allocate(w, (size_t)count, notes, out))
		return QW_E_NOMEM;
	for (int i = 0; i < count; i++) {
		const Node *n = list_nth(tree, i);
		const RawStmt *raw = (const RawStmt *)(const void *)n;

		if (!n || !IsA(n, RawStmt) || !raw->stmt)
			return refuse(out, "the parser gave a tree that the gateway does not know");
		out->list[i].text = trimmed(text, raw->stmt_location, raw->stmt_len);
		out->list[i].text_at = (size_t)(out->list[i].text.p - text.p);
		spg_walk_statement(w, raw->stmt, &out->list[i]);
		if (!w->err && !w->problem && !w->is_proof)
			spg_inner_note(w, raw->stmt, &out->list[i], &notes->arena, &notes->list[i]);
		if (w->err)
			return w->err;
		if (w->problem)
			return refuse(out, w->problem);
	}
	out->count = (size_t)count;
	return 0;
}

static int walk_parsed(
	const char *sql, struct qw_bytes text, struct walk *w, struct notes *notes, struct qw_statements *out)
{
	MemoryContext context = pg_query_enter_memory_context();
	PgQueryInternalParsetreeAndError parsed = pg_query_raw_parse(sql);
	int err;

	if (parsed.error) {
		err = refuse(out, problem_of_error(parsed.error, w->arena));
		pg_query_free_error(parsed.error);
	} else {
		err = walk_list(parsed.tree, text, w, notes, out);
	}
	free(parsed.stderr_buffer);
	pg_query_exit_memory_context(context);
	return err;
}

int spg_walk_text(struct qw_bytes text, struct walk *w, struct qw_statements *out)
{
	struct notes notes = {.list = NULL};
	const char *sql;
	int err;

	*out = (struct qw_statements){0};
	if (text.n > w->limits->text_bytes_max || text.n > INT32_MAX / 2 || !qw_utf8_valid(text))
		return refuse(out, problem_of_text(text, w->limits, w->arena));
	sql = qw_arena_strdup(w->arena, text);
	if (!sql)
		return QW_E_NOMEM;
	qw_arena_init(&notes.arena, w->arena->max);
	err = walk_parsed(sql, text, w, &notes, out);
	for (size_t i = 0; !err && !w->is_proof && i < out->count; i++) {
		spg_inner_prove(w, &notes.list[i], &out->list[i]);
		err = w->err;
	}
	qw_arena_fini(&notes.arena);
	if (err)
		*out = (struct qw_statements){0};
	return err;
}

int sqlparse_postgres(struct qw_bytes text, const struct sqlparse_limits *limits,
	struct qw_arena *arena, struct qw_statements *out)
{
	struct walk w;

	spg_walk_init(&w, arena, limits);
	return spg_walk_text(text, &w, out);
}
