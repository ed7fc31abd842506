/* SPDX-License-Identifier: Apache-2.0 */
#include "body.h"

#include <http_protocol.h>
#include <string.h>

#define FORM_TYPE "application/x-www-form-urlencoded"

bool rcidp_body_is_form(request_rec *r)
{
    const char *type = apr_table_get(r->headers_in, "Content-Type");

    return r->method_number == M_POST && type && !strncasecmp(type, FORM_TYPE, sizeof(FORM_TYPE) - 1) &&
           strchr("; \t", type[sizeof(FORM_TYPE) - 1]); /* or its end */
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

/* The body until it ends, in room for one byte more than it may have. Not by ap_get_client_block(), which
 * does not tell whether a page about what failed has been sent already. */
static apr_status_t read_all(request_rec *r, char *body, apr_size_t most, apr_size_t *length)
{
    apr_bucket_brigade *brigade = apr_brigade_create(r->pool, r->connection->bucket_alloc);
    apr_status_t status = APR_SUCCESS;
    bool ended = false;

    while (status == APR_SUCCESS && !ended && *length <= most) {
        apr_size_t got = most + 1 - *length;

        status = ap_get_brigade(r->input_filters, brigade, AP_MODE_READBYTES, APR_BLOCK_READ, (apr_off_t)got);
        if (status == APR_SUCCESS && APR_BRIGADE_EMPTY(brigade))
            status = APR_EGENERAL;
        if (status == APR_SUCCESS) {
            ended = APR_BUCKET_IS_EOS(APR_BRIGADE_LAST(brigade));
            status = apr_brigade_flatten(brigade, body + *length, &got);
            *length += got;
        }
        apr_brigade_cleanup(brigade);
    }
    return status;
}

int rcidp_body_read(request_rec *r, apr_size_t limit, const char **text, const char **error)
{
    apr_size_t length = 0, most;
    apr_status_t status = APR_SUCCESS;
    char *body;

    *error = NULL;
    if ((*text = kept_text(r)))
        return OK;
    *error = "the form is larger than it may be";
    if (ap_setup_client_block(r, REQUEST_CHUNKED_DECHUNK) != OK || r->remaining > (apr_off_t)limit)
        return OK;
    most = r->read_chunked ? limit : (apr_size_t)r->remaining;
    body = apr_palloc(r->pool, most + 1);
    if (ap_should_client_block(r))
        status = read_all(r, body, most, &length);
    *error = "the form is larger than it may be, cut off, or not text";
    if (status != APR_SUCCESS || length > most || memchr(body, '\0', length))
        return status == AP_FILTER_ERROR ? AP_FILTER_ERROR : OK;
    *error = NULL;
    body[length] = '\0';
    *text = body;
    put_back(r, body, length);
    return OK;
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
