/* What listeners and targets have to do with each other. */
#include "config_int.h"

static const struct config_target *target_named(const struct config *c, const char *name)
{
	for (size_t i = 0; i < c->target_count; i++)
		if (strcmp(c->targets[i].up.name, name) == 0)
			return &c->targets[i];
	return NULL;
}

static bool join_listener(struct loader *l, const struct yaml_node *n, struct config_listener *out)
{
	const struct yaml_node *key = yaml_get(n, "target");
	const char *name = NULL;

	if (!value_string(l, n, "target", &name))
		return false;
	if (out->dialect == UPSTREAM_POSTGRES && key)
		yaml_fail(&l->r, key,
			"a PostgreSQL client names its database, which names the target: remove target, or write dialect: mysql");
	else if (out->dialect == UPSTREAM_POSTGRES)
		return true;
	else if (!key)
		yaml_fail(&l->r, n, "a MySQL client is greeted in the name of its server before it says what it wants: add target: NAME");
	else if (!(out->target = target_named(l->c, name)))
		yaml_fail(&l->r, key, "no target is named \"%s\"", name);
	else if (out->target->up.dialect != out->dialect)
		yaml_fail(&l->r, key, "the target \"%s\" is of dialect %s: write dialect: mysql there, or another target here", name,
			dialect_words[out->target->up.dialect]);
	else
		return true;
	return false;
}

static bool is_led_to(const struct config *c, const struct config_target *t)
{
	for (size_t i = 0; i < c->listener_count; i++)
		if (c->listeners[i].dialect == t->up.dialect && (!c->listeners[i].target || c->listeners[i].target == t))
			return true;
	return false;
}

bool join_listeners(struct loader *l, const struct yaml_node *root)
{
	struct config *c = l->c;
	const struct yaml_node *n;
	size_t i;

	for (n = yaml_get(root, "listen")->first, i = 0; n; n = n->next, i++)
		if (!join_listener(l, n, &c->listeners[i]))
			return false;
	for (n = yaml_get(root, "targets")->first, i = 0; n; n = n->next, i++) {
		if (is_led_to(c, &c->targets[i]))
			continue;
		yaml_fail(&l->r, n, "no listener leads to the target \"%s\": add one with dialect: %s%s%s", c->targets[i].up.name,
			dialect_words[c->targets[i].up.dialect], c->targets[i].up.dialect == UPSTREAM_MYSQL ? " and target: " : "",
			c->targets[i].up.dialect == UPSTREAM_MYSQL ? c->targets[i].up.name : "");
		return false;
	}
	return true;
}
