"""Runs Zoho's official Python SDK for v8 against a running simulator: python_sdk.py BASE_URL

Needs the packages of requirements.txt and a simulator started with --search-delay-seconds 0. Ends with status 0 when every
step did what a real organisation would do.
"""

import sys
import tempfile

from zohocrmsdk.src.com.zoho.api.authenticator.oauth_token import OAuthToken
from zohocrmsdk.src.com.zoho.api.authenticator.store import FileStore
from zohocrmsdk.src.com.zoho.api.logger import Logger
from zohocrmsdk.src.com.zoho.crm.api import HeaderMap, ParameterMap
from zohocrmsdk.src.com.zoho.crm.api import coql, notifications
from zohocrmsdk.src.com.zoho.crm.api.dc import DataCenter
from zohocrmsdk.src.com.zoho.crm.api.initializer import Initializer
from zohocrmsdk.src.com.zoho.crm.api.record import (
    ActionWrapper,
    BodyWrapper,
    DeleteRecordsParam,
    Field,
    GetDeletedRecordsParam,
    GetRecordsParam,
    LineItemProduct,
    Record,
    RecordOperations,
    SearchRecordsParam,
    SuccessResponse,
)
from zohocrmsdk.src.com.zoho.crm.api.sdk_config import SDKConfig

CHANNEL = 1006800211


def log_in(base):
    directory = tempfile.mkdtemp()
    Initializer.initialize(
        environment=DataCenter.Environment(base, base + "/oauth/v2/token", base),
        token=OAuthToken(client_id="1000.CLIENT", client_secret="secret", refresh_token="1000.refresh"),
        store=FileStore(directory + "/tokens.txt"),
        sdk_config=SDKConfig(auto_refresh_fields=False, pick_list_validation=False),
        resource_path=directory,
        logger=Logger.get_instance(level=Logger.Levels.INFO, file_path=directory + "/log.txt"),
    )


def body_of(response, status):
    assert response is not None, "the SDK gave no response"
    assert response.get_status_code() == status, (response.get_status_code(), response.get_object())
    return response.get_object()


def params(**values):
    """Parameters by SDK constant: params(x=(GetRecordsParam.page, 1))."""
    result = ParameterMap()
    for constant, value in values.values():
        result.add(constant, value)
    return result


def account(name, **fields):
    record = Record()
    record.add_field_value(Field.Accounts.account_name(), name)
    for field, value in fields.items():
        record.add_key_value(field, value)
    return record


def create(module, record):
    body = BodyWrapper()
    body.set_data([record])
    answer = body_of(RecordOperations(module).create_records(body, HeaderMap()), 201)
    assert isinstance(answer, ActionWrapper), type(answer)
    row = answer.get_data()[0]
    assert isinstance(row, SuccessResponse), (row.get_code().get_value(), row.get_details())
    return int(row.get_details()["id"])


def upsert_in_batches(accounts, count):
    for start in range(0, count, 100):
        body = BodyWrapper()
        body.set_data([account(f"U{n}", X3_Code=f"U{n}") for n in range(start, min(start + 100, count))])
        body.set_duplicate_check_fields(["X3_Code"])
        rows = body_of(accounts.upsert_records(body, HeaderMap()), 200).get_data()
        assert all(isinstance(row, SuccessResponse) for row in rows)


def all_ids(accounts):
    ids, page = [], 1
    while True:
        query = params(
            fields=(GetRecordsParam.fields, "Account_Name,X3_Code,Created_Time,Owner,Annual_Revenue"),
            per_page=(GetRecordsParam.per_page, 100),
            page=(GetRecordsParam.page, page),
        )
        answer = body_of(accounts.get_records(query, HeaderMap()), 200)
        ids += [record.get_id() for record in answer.get_data()]
        if not answer.get_info().get_more_records():
            return ids
        page += 1


def customers():
    accounts = RecordOperations("Accounts")
    first = create("Accounts", account("SDK one", X3_Code="S1"))
    upsert_in_batches(accounts, 250)
    ids = all_ids(accounts)
    assert len(set(ids)) == 251, len(ids)

    one = body_of(accounts.get_record(first, ParameterMap(), HeaderMap()), 200).get_data()[0]
    assert one.get_key_value("Account_Name") == "SDK one"

    change, body = Record(), BodyWrapper()
    change.set_id(first)
    change.add_field_value(Field.Accounts.phone(), "+33 1 44 55 66")
    body.set_data([change])
    assert isinstance(body_of(accounts.update_records(body, HeaderMap()), 200).get_data()[0], SuccessResponse)

    criteria = params(criteria=(SearchRecordsParam.criteria, "(X3_Code:equals:S1)"))
    found = body_of(accounts.search_records(criteria, HeaderMap()), 200).get_data()
    assert [record.get_id() for record in found] == [first]
    assert int(body_of(accounts.record_count(ParameterMap()), 200).get_count()) == 251

    query = coql.BodyWrapper()
    query.set_select_query("select Account_Name from Accounts where X3_Code in ('S1', 'U7') order by id asc limit 10")
    rows = body_of(coql.CoqlOperations().get_records(query), 200).get_data()
    assert [row.get_key_value("Account_Name") for row in rows] == ["SDK one", "U7"]

    body_of(accounts.delete_records(params(ids=(DeleteRecordsParam.ids, str(first))), HeaderMap()), 200)
    kind = params(kind=(GetDeletedRecordsParam.type, "all"))
    deleted = body_of(accounts.get_deleted_records(kind, HeaderMap()), 200).get_data()
    assert [record.get_id() for record in deleted] == [first]
    return ids


def watch(base):
    operations, body, channel = notifications.NotificationsOperations(), notifications.BodyWrapper(), notifications.Notification()
    channel.set_channel_id(str(CHANNEL))
    channel.set_events(["Accounts.all"])
    channel.set_notify_url(base + "/callback")
    channel.set_token("token")
    body.set_watch([channel])
    enabled = body_of(operations.enable_notifications(body), 201).get_watch()[0]
    assert isinstance(enabled, notifications.SuccessResponse), enabled.get_message()
    query = params(channel=(notifications.GetNotificationsParam.channel_id, CHANNEL))
    listed = body_of(operations.get_notifications(query), 200).get_watch()
    assert [row.get_resource_name() for row in listed] == ["Accounts"]
    ids = params(channels=(notifications.DeleteNotificationParam.channel_ids, str(CHANNEL)))
    assert isinstance(body_of(operations.delete_notification(ids), 200).get_watch()[0], notifications.SuccessResponse)


def sales_order(account_id):
    bolt = Record()
    bolt.add_field_value(Field.Products.product_name(), "Bolt")
    product, line, customer, order = LineItemProduct(), Record(), Record(), Record()
    product.set_id(create("Products", bolt))
    line.add_key_value("Product_Name", product)
    line.add_key_value("Quantity", 3.0)
    line.add_key_value("List_Price", 2.5)
    customer.set_id(int(account_id))
    order.add_field_value(Field.Sales_Orders.subject(), "SO")
    order.add_field_value(Field.Sales_Orders.account_name(), customer)
    order.add_key_value("Ordered_Items", [line])
    order_id = create("Sales_Orders", order)
    read = body_of(RecordOperations("Sales_Orders").get_record(order_id, ParameterMap(), HeaderMap()), 200).get_data()[0]
    lines = read.get_key_value("Ordered_Items")
    assert [(row.get_key_value("Quantity"), row.get_key_value("Net_Total")) for row in lines] == [(3.0, 7.5)]


def main():
    base = sys.argv[1].rstrip("/")
    log_in(base)
    ids = customers()
    watch(base)
    sales_order(ids[0])
    sys.stdout.write("the official Python SDK is satisfied\n")


main()
