/* SPDX-License-Identifier: Apache-2.0 */
#include "body.h"

#include <http_protocol.h>
#include <string.h>

#define FORM_TYPE "application/x-www-form-urlencoded"

bool rcidp_body_is_form(request_rec *r)
{
    const char *type = apr_table_get(r->headers_in, "Content-Type");

    return r->method_number == M_POST && type && !strncasecmp(type, FORM_TYPE, sizeof(FORM_TYPE) - 1);
}

/* Let the body be read again: the filter has it, and httpd's counters are as before the first reading. */
static void put_back(request_rec *r, const char *body, apr_size_t length)
{
    apr_bucket_brigade *kept = apr_brigade_create(r->pool, r->connection->bucket_alloc);

    if (length)
        APR_BRIGADE_INSERT_TAIL(kept, apr_bucket_pool_create(body, length, r->pool, kept->bucket_alloc));
    ap_add_input_filter(RCIDP_BODY_FILTER, kept, r, r->connection);
    r->read_length = 0;
    r->remaining = 0;
}

/* What was put back and not read since; a NUL follows it. NULL for nothing. */
static const char *kept_text(const request_rec *r)
{
    const ap_filter_t *filter = r->input_filters;
    const char *text = NULL;
    apr_size_t length;

    while (filter && filter->frec->filter_func.in_func != rcidp_body_filter)
        filter = filter->next;
    if (filter && !APR_BRIGADE_EMPTY((apr_bucket_brigade *)filter->ctx))
        apr_bucket_read(APR_BRIGADE_FIRST((apr_bucket_brigade *)filter->ctx), &text, &length, APR_BLOCK_READ);
    return text;
}

const char *rcidp_body_read(request_rec *r, apr_size_t limit, const char **text)
{
    apr_size_t length = 0, most;
    long got = 0;
    char *body;

    if ((*text = kept_text(r)))
        return NULL;
    if (ap_setup_client_block(r, REQUEST_CHUNKED_DECHUNK) != OK || r->remaining > (apr_off_t)limit)
        return "the form is larger than it may be";
    most = r->read_chunked ? limit : (apr_size_t)r->remaining;
    body = apr_palloc(r->pool, most + 1);
    if (ap_should_client_block(r)) {
        while (length <= most && (got = ap_get_client_block(r, body + length, most + 1 - length)) > 0)
            length += (apr_size_t)got;
    }
    if (got < 0 || length > most || memchr(body, '\0', length))
        return "the form is larger than it may be, cut off, or not text";
    body[length] = '\0';
    *text = body;
    put_back(r, body, length);
    return NULL;
}

apr_status_t rcidp_body_filter(ap_filter_t *filter, apr_bucket_brigade *brigade, ap_input_mode_t mode,
                               apr_read_type_e block, apr_off_t readbytes)
{
    apr_bucket_brigade *kept = filter->ctx;
    apr_bucket *end;
    apr_status_t status;

    if (APR_BRIGADE_EMPTY(kept)) { /* what comes below says that this was all */
        ap_filter_t *next = filter->next;

        ap_remove_input_filter(filter);
        return ap_get_brigade(next, brigade, mode, block, readbytes);
    }
    if (mode != AP_MODE_READBYTES)
        return APR_ENOTIMPL;
    status = apr_brigade_partition(kept, readbytes, &end);
    if (status != APR_SUCCESS && status != APR_INCOMPLETE)
        return status;
    while (APR_BRIGADE_FIRST(kept) != end) {
        apr_bucket *bucket = APR_BRIGADE_FIRST(kept);

        APR_BUCKET_REMOVE(bucket);
        APR_BRIGADE_INSERT_TAIL(brigade, bucket);
    }
    return APR_SUCCESS;
}
