/* Shapes of raw parse tree nodes; the table is generated from the server's headers by nodes.py. */
#ifndef SQLPARSE_POSTGRES_NODES_H
#define SQLPARSE_POSTGRES_NODES_H

#include "postgres.h"
#include "nodes/parsenodes.h"

struct node_shape {
	const char *name;      /* NULL: a raw parse tree cannot hold this tag */
	const uint16_t *slots; /* offsets of the pointers to nodes and lists */
	uint16_t slot_count;
	bool is_statement;
};

enum { NODE_SHAPES = T_SupportRequestWFuncMonotonic + 1 };
extern const struct node_shape spg_node_shapes[NODE_SHAPES];

/* The shape of a tag; NULL when such a node must be refused. */
static inline const struct node_shape *node_shape_of(NodeTag tag)
{
	if ((unsigned int)tag >= NODE_SHAPES || !spg_node_shapes[tag].name)
		return NULL;
	return &spg_node_shapes[tag];
}

#endif
