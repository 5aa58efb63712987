// Runs Zoho's official TypeScript SDK for v8 against a running simulator: node typescript_sdk.js BASE_URL
//
// Needs the package of package.json on NODE_PATH and a simulator started with --search-delay-seconds 0. Ends with status 0
// when every step did what a real organisation would do.
"use strict";

const assert = require("node:assert");
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");
const { inspect } = require("node:util");
const sdk = require("@zohocrm/typescript-sdk-8.0");

const { Record: Records, Coql, Notifications } = sdk;
const CHANNEL = "1006800212";

async function logIn(base) {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "zoho-typescript-sdk-"));
    const token = new sdk.OAuthBuilder()
        .clientId("1000.CLIENT")
        .clientSecret("secret")
        .refreshToken("1000.refresh")
        .build();
    const logger = new sdk.LogBuilder().level(sdk.Levels.INFO).filePath(path.join(folder, "log.txt")).build();
    const config = new sdk.SDKConfigBuilder().pickListValidation(false).autoRefreshFields(false).build();
    await (await new sdk.InitializeBuilder())
        .environment(new sdk.Environment(base, base + "/oauth/v2/token", base))
        .token(token)
        .store(new sdk.FileStore(path.join(folder, "tokens.txt")))
        .SDKConfig(config)
        .resourcePath(folder)
        .logger(logger)
        .initialize();
}

function bodyOf(response, status) {
    assert.ok(response, "the SDK gave no response");
    assert.strictEqual(response.getStatusCode(), status, inspect(response.getObject()));
    return response.getObject();
}

async function params(...pairs) {
    const map = new sdk.ParameterMap();
    for (const [name, value] of pairs) {
        await map.add(name, value);
    }
    return map;
}

function account(name, values = {}) {
    const record = new Records.Record();
    record.addKeyValue("Account_Name", name);
    for (const [field, value] of Object.entries(values)) {
        record.addKeyValue(field, value);
    }
    return record;
}

function body(records) {
    const wrapper = new Records.BodyWrapper();
    wrapper.setData(records);
    return wrapper;
}

function onlyRow(wrapper) {
    const rows = wrapper.getData();
    assert.strictEqual(rows.length, 1);
    assert.ok(rows[0] instanceof Records.SuccessResponse, inspect(rows[0]));
    return rows[0];
}

async function upsertInBatches(accounts, count) {
    for (let start = 0; start < count; start += 100) {
        const numbers = Array.from({ length: Math.min(100, count - start) }, (_, index) => start + index);
        const request = body(numbers.map((number) => account(`U${number}`, { X3_Code: `U${number}` })));
        request.setDuplicateCheckFields(["X3_Code"]);
        const rows = bodyOf(await accounts.upsertRecords(request), 200).getData();
        assert.ok(rows.every((row) => row instanceof Records.SuccessResponse));
    }
}

async function allIds(accounts) {
    const ids = [];
    for (let page = 1; ; page += 1) {
        const query = await params(
            [Records.GetRecordsParam.FIELDS, "Account_Name,X3_Code,Created_Time,Owner,Annual_Revenue"],
            [Records.GetRecordsParam.PER_PAGE, 100],
            [Records.GetRecordsParam.PAGE, page],
        );
        const answer = bodyOf(await accounts.getRecords(query), 200);
        ids.push(...answer.getData().map((record) => record.getId()));
        if (!answer.getInfo().getMoreRecords()) {
            return ids;
        }
    }
}

async function customers() {
    const accounts = new Records.RecordOperations("Accounts");
    const inserted = onlyRow(bodyOf(await accounts.createRecords(body([account("SDK one", { X3_Code: "S1" })])), 201));
    const first = BigInt(inserted.getDetails().get("id"));
    await upsertInBatches(accounts, 250);
    const ids = await allIds(accounts);
    assert.strictEqual(new Set(ids).size, 251);

    const [one] = bodyOf(await accounts.getRecord(first), 200).getData();
    assert.strictEqual(one.getKeyValue("Account_Name"), "SDK one");

    const change = new Records.Record();
    change.setId(first);
    change.addKeyValue("Phone", "+33 1 44 55 66");
    onlyRow(bodyOf(await accounts.updateRecords(body([change])), 200));

    const criteria = await params([Records.SearchRecordsParam.CRITERIA, "(X3_Code:equals:S1)"]);
    const found = bodyOf(await accounts.searchRecords(criteria), 200).getData();
    assert.deepStrictEqual(found.map((record) => record.getId()), [first]);
    assert.strictEqual(Number(bodyOf(await accounts.recordCount(), 200).getCount()), 251);

    const query = new Coql.BodyWrapper();
    query.setSelectQuery("select Account_Name from Accounts where X3_Code in ('S1', 'U7') order by id asc limit 10");
    const rows = bodyOf(await new Coql.CoqlOperations().getRecords(query), 200).getData();
    assert.deepStrictEqual(rows.map((row) => row.getKeyValue("Account_Name")), ["SDK one", "U7"]);

    const doomed = await params([Records.DeleteRecordsParam.IDS, first.toString()]);
    onlyRow(bodyOf(await accounts.deleteRecords(doomed), 200));
    const kind = await params([Records.GetDeletedRecordsParam.TYPE, "all"]);
    const deleted = bodyOf(await accounts.getDeletedRecords(kind), 200).getData();
    assert.deepStrictEqual(deleted.map((record) => record.getId()), [first]);
}

async function watch(base) {
    const operations = new Notifications.NotificationsOperations();
    const channel = new Notifications.Notification();
    channel.setChannelId(CHANNEL);
    channel.setEvents(["Accounts.all"]);
    channel.setNotifyUrl(base + "/callback");
    channel.setToken("token");
    const request = new Notifications.BodyWrapper();
    request.setWatch([channel]);
    const [enabled] = bodyOf(await operations.enableNotifications(request), 201).getWatch();
    assert.ok(enabled instanceof Notifications.SuccessResponse, inspect(enabled));
    const query = await params([Notifications.GetNotificationsParam.CHANNEL_ID, BigInt(CHANNEL)]);
    const listed = bodyOf(await operations.getNotifications(query), 200).getWatch();
    assert.deepStrictEqual(listed.map((row) => row.getResourceName()), ["Accounts"]);
    const ids = await params([Notifications.DeleteNotificationParam.CHANNEL_IDS, CHANNEL]);
    const [removed] = bodyOf(await operations.deleteNotification(ids), 200).getWatch();
    assert.ok(removed instanceof Notifications.SuccessResponse, inspect(removed));
}

async function main() {
    const base = process.argv[2].replace(/\/$/, "");
    await logIn(base);
    await customers();
    await watch(base);
    process.stdout.write("the official TypeScript SDK is satisfied\n");
}

main().then(
    () => process.exit(0),
    (error) => {
        console.error(error);
        process.exit(1);
    },
);
