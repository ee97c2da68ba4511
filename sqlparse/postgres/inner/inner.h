/*
 * The text that a statement wraps (sqlparse.h, qw_statement.inner). Two steps, since libpg_query
 * holds one memory at a time: what the tree tells is noted while it lives; then the text is
 * scanned and the result parsed again.
 */
#ifndef SQLPARSE_POSTGRES_INNER_H
#define SQLPARSE_POSTGRES_INNER_H

#include "../facts.h"
#include "../handlers.h"

/* One wrapper is peeled off: how its text begins. */
enum peel {
	PEEL_EXPLAIN,	      /* EXPLAIN q */
	PEEL_EXPLAIN_OPTIONS, /* EXPLAIN ANALYZE VERBOSE q, EXPLAIN (...) q */
	PEEL_AS,	      /* PREPARE ... AS q */
	PEEL_CREATE_AS,	      /* CREATE ... AS q [WITH [NO] DATA] */
	PEEL_FOR,	      /* DECLARE ... FOR q */
	PEEL_PARENTHESES      /* COPY (q) ... */
};
enum { PEELS_MAX = 2 };

struct inner_note {
	enum qw_inner_kind kind; /* NONE: nothing to do */
	enum peel peels[PEELS_MAX];
	size_t peel_count;   /* 0: `made` */
	struct qw_bytes made; /* text of our own, in the statement's arena */
	struct qw_statement expected; /* facts of the wrapped statement in the wrapper's tree */
	uint32_t shape;		      /* and its nodes */
};

/* ---- note.c ---- */
/*
 * While the tree lives: what `statement` wraps, also what of it is known without the text: kind,
 * types and copy of `out`. `notes` is memory for the note itself. Errors are in w.
 */
void spg_inner_note(struct walk *w, const Node *statement, struct qw_statement *out,
	struct qw_arena *notes, struct inner_note *note);

/* ---- range.c ---- */
/* Where the innermost statement is in text; n == 0 when it is not where it should be. NOMEM. */
int spg_inner_range(struct qw_bytes text, const struct inner_note *note, struct qw_arena *scratch,
	struct qw_bytes *range) QW_MUST_CHECK;

/* ---- proof.c ---- */
/* Fills out->inner, or makes out->inner_kind UNKNOWN. Errors are in w, never a problem. */
void spg_inner_prove(struct walk *w, const struct inner_note *note, struct qw_statement *out);

/* ---- types.c ---- */
/* Declared types of PREPARE; false: not all of them are built in. */
bool spg_inner_types(struct walk *w, const List *types, struct qw_statement *out);

/* ---- copy.c ---- */
const struct qw_copy *spg_inner_copy(struct walk *w, const CopyStmt *s);
/* The statement that copies the relation's rows; n == 0: none does. */
struct qw_bytes spg_inner_copy_text(struct walk *w, const CopyStmt *s);

/* ---- tokens.c: PostgreSQL's own scanner ---- */
struct token {
	uint32_t start, length; /* length: of a keyword, else 0 */
	uint16_t code;		/* ASCII of a single character; others are not told apart */
	bool is_comment;
};
struct tokens {
	struct qw_bytes text;
	struct token *list;
	size_t count;
};
int spg_tokens(struct qw_bytes text, struct qw_arena *scratch, struct tokens *out) QW_MUST_CHECK;
bool spg_token_is(const struct tokens *t, size_t i, const char *keyword); /* upper case */

#endif
