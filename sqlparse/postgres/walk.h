/*
 * One walk over one raw statement: an explicit stack in the arena, no recursion, driven by the
 * generated table of node shapes. Node handlers (handlers.h) derive facts on the way; a node
 * without a handler is walked generically.
 */
#ifndef SQLPARSE_POSTGRES_WALK_H
#define SQLPARSE_POSTGRES_WALK_H

#include "nodes.h"
#include "qw/sqlparse.h"

/* Names of common table expressions that can be seen from a place, nearest first. */
struct scope {
	const struct scope *outer;
	const char *name;
	uint32_t hash;
};

enum {
	CTX_TARGET =
		1, /* a relation here is the object of ctx.verb: never a common table expression */
	CTX_LOCK = 2,	 /* below FROM of a SELECT ... FOR UPDATE */
	CTX_NATURAL = 4, /* below a NATURAL join */
	CTX_SILENT = 8,	 /* the relation's facts are given elsewhere */
	CTX_TOP = 16,	 /* the statement itself, or what EXPLAIN, PREPARE ... hold: it must show an
			    act of its own */
	CTX_EXPLAINED = 32,
	CTX_PROCEDURE = 64, /* the function called is that of CALL */
	CTX_REPLACE = 128,  /* CREATE OR REPLACE */
	CTX_DEEP = 256	    /* fields are selected from the column reference here */
};

/* What a node inherits from above. */
struct ctx {
	const struct scope *scope;
	uint16_t flags; /* CTX_ */
	uint8_t verb;	/* enum qw_verb: how a relation here is touched */
	uint8_t object; /* ObjectType, or OBJECT_ANY_RELATION */
};

/* Just "relation" for a name in FROM: the text does not tell a table from a view. */
enum { OBJECT_ANY_RELATION = OBJECT_VIEW + 1 };

struct frame {
	const void *node; /* Node, or List with the next cell in `index` */
	struct ctx ctx;
	uint32_t depth;
	uint32_t index;
};

/* Facts in the order of their first mention, each once. */
struct fact_set {
	void *items;
	size_t count, cap;
	uint32_t *slots; /* open hashing, index + 1; NULL while few */
	uint32_t *hashes;
	size_t slot_count;
};

struct walk {
	struct qw_arena *arena;
	const struct sqlparse_limits *limits;
	struct frame *frames;
	size_t frame_count, frame_cap;
	size_t nodes;	     /* over all statements of the text */
	size_t ctes;	     /* likewise */
	size_t *tag_counts;  /* tests: [NODE_SHAPES], or NULL */
	int err;	     /* NOMEM: stop */
	const char *problem; /* the statement is refused: stop */
	/* facts of the statement being walked */
	struct fact_set acts, relations, columns, operators, types;
	const char **literals; /* string constants, borrowed of the tree; kept when the statement writes */
	size_t literal_count, literal_cap;
	struct qw_statement *out;
	bool has_query;	   /* a SELECT at the top: needs an act even if it reads nothing */
	bool reads;	   /* has a SELECT act */
	uint32_t shape;	   /* of the nodes of the statement being walked: the same for the same tree */
	bool is_proof;	   /* of a wrapped statement: what it wraps itself does not matter */
	bool join_renames; /* JOIN ... AS j(a, b): columns of any relation may be renamed */
};

void spg_walk_init(struct walk *w, struct qw_arena *arena, const struct sqlparse_limits *limits);
/* Walks one statement and fills *out; w->err or w->problem tell when it could not. */
void spg_walk_statement(struct walk *w, const Node *statement, struct qw_statement *out);

/* ---- for handlers ---- */
/* Pushes all children but `except` (may be NULL); they are visited in the order of their fields. */
void spg_walk_children(struct walk *w, const struct frame *f, struct ctx ctx, const void *except);
void spg_walk_push(struct walk *w, const void *node, struct ctx ctx, uint32_t depth);
/* Gives a child that spg_walk_children() just pushed another context; NULL does nothing. */
void spg_walk_aim(struct walk *w, const void *child, struct ctx ctx);
void spg_walk_refuse(struct walk *w, const char *problem); /* NULL: out of memory while making it */
/* The whole of sqlparse_postgres() with a walk of the caller. */
int spg_walk_text(struct qw_bytes text, struct walk *w, struct qw_statements *out) QW_MUST_CHECK;

#endif
