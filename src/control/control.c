#include <stdlib.h>

#include "control.h"

int control_open(struct street *s, void *uv_loop, struct control **out, char *why, size_t why_size)
{
	struct control *c = calloc(1, sizeof(*c));
	int err = c ? 0 : QW_E_NOMEM;

	*out = NULL;
	if (!err)
		err = admin_open(s, uv_loop, &c->admin, why, why_size);
	if (!err && street_config(s)->http_address)
		err = web_open(s, uv_loop, &c->web, why, why_size);
	if (err) {
		control_close(c);
		return err;
	}
	*out = c;
	return 0;
}

void control_close(struct control *c)
{
	if (!c)
		return;
	web_close(c->web);
	admin_close(c->admin);
	free(c);
}

uint16_t control_http_port(const struct control *c)
{
	return c->web ? web_port(c->web) : 0;
}
