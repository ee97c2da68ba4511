/* The table of expression nodes: what each of their fields means to flow. */
#ifndef FLOW_NODES_H
#define FLOW_NODES_H

#include "qw/base.h"

enum node_field_kind {
	NODE_FIELD_INERT,	   /* a number or name that calls nothing and holds no value */
	NODE_FIELD_CHILD,	   /* node or list of nodes: nothing sensitive may be in it */
	NODE_FIELD_QUESTION,	   /* the same, and decides what the node is */
	NODE_FIELD_FILTER,	   /* the same, and a condition */
	NODE_FIELD_FUNCTION,	   /* is called */
	NODE_FIELD_FUNCTION_MAYBE, /* is called, unless 0 */
	NODE_FIELD_OPERATOR,
	NODE_FIELD_OPERATORS,
	NODE_FIELD_TYPE, /* of a value that is made or seen here */
	NODE_FIELD_TYPES,
	NODE_FIELD_DOMAIN, /* checked here */
	NODE_FIELD_SORTS   /* list of SORTGROUPCLAUSEs */
};
struct node_field {
	const char *name;
	enum node_field_kind kind;
};

enum node_kind {
	NODE_PLAIN, /* fields say all */
	NODE_VAR,
	NODE_SUBLINK,
	NODE_PARAM,
	NODE_AGGREGATE,
	NODE_WINDOW,
	NODE_FUNCTION
};
struct node_type {
	const char *type;
	enum node_kind kind;
	const char *as; /* what a column in it is, for messages; NULL: not worth telling */
	const struct node_field *fields;
	size_t field_count;
};

/* NULL: no expression that is known. */
const struct node_type *node_type_find(const char *type);

#endif
