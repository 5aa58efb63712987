//! The status page in a real browser: by keyboard alone, in light and dark, wide and narrow.

use serde_json::json;

use crate::{
    page::with_conflict,
    program::Site,
    running::{PASSWORD, SERVED, until},
    webdriver::{Browser, DOWN, ENTER, SPACE, TAB},
};

/// Texts that are hard to read, and controls without a name. WCAG 2.2 asks for a contrast of 4.5 to 1 (AA).
const HARD_TO_USE: &str = r"
    const channel = (c) => { c /= 255; return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4; };
    const parts = (text) => text.match(/[\d.]+/g).map(Number);
    const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
    const ground = (element) => {
        for (let e = element; e; e = e.parentElement) {
            const color = parts(getComputedStyle(e).backgroundColor);
            if (color.length === 3 || color[3] > 0) return color;
        }
        return [255, 255, 255];
    };
    const found = [];
    const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walk.nextNode()) {
        const element = walk.currentNode.parentElement;
        if (!walk.currentNode.textContent.trim() || !element.checkVisibility()) continue;
        if (element.closest('option')) continue;
        const [one, other] = [light(parts(getComputedStyle(element).color)), light(ground(element))];
        const contrast = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
        if (contrast < 4.5) found.push(contrast.toFixed(2) + ': ' + walk.currentNode.textContent.trim());
    }
    for (const control of document.querySelectorAll('input:not([type=hidden]):not([hidden]), select')) {
        if (!control.labels.length) found.push('no label: ' + control.outerHTML);
    }
    for (const target of document.querySelectorAll('a, button, summary')) {
        if (!target.innerText.trim()) found.push('no name: ' + target.outerHTML);
    }
    const ids = [...document.querySelectorAll('[id]')].map((e) => e.id);
    for (const id of ids) if (ids.indexOf(id) !== ids.lastIndexOf(id)) found.push('twice: #' + id);
    if (document.querySelectorAll('h1').length !== 1) found.push('not one h1');
    if (!document.documentElement.lang) found.push('no language');
    const root = document.documentElement;
    if (root.scrollWidth > root.clientWidth) found.push('wider than the window by ' + (root.scrollWidth - root.clientWidth));
    return found;
";

async fn assert_usable(browser: &Browser, page: &str) {
    let found = browser.ask(HARD_TO_USE).await;
    let found = found.as_array().unwrap();
    assert!(found.is_empty(), "{page}: {found:#?}");
    let complaints = browser.complaints().await;
    assert!(complaints.is_empty(), "{page}: {complaints:#?}");
}

#[tokio::test]
async fn a_person_without_a_mouse_settles_a_conflict() {
    let Some(browser) = Browser::open().await else {
        return;
    };
    let (site, running, code) = with_conflict().await;
    let admin = running.admin().await;
    browser.go(&admin).await;
    // The field for the password has the focus.
    browser.press(PASSWORD.chars().chain([ENTER])).await;
    until("the overview is there", || async {
        let text = browser.text().await;
        (text.contains("Overview") && text.contains("Parked")).then_some(())
    })
    .await;
    until("the record is parked", || async {
        browser.go(&admin).await;
        let text = browser.text().await;
        text.contains("1 record waits for a decision").then_some(())
    })
    .await;

    // The first stop leads past the navigation.
    browser.press([TAB]).await;
    assert_eq!(browser.focus().await, "Skip to the content");
    browser.press([ENTER]).await;
    let focus = browser.ask("return document.activeElement.id;").await;
    assert_eq!(focus, "main");
    browser.tab_to("1 record waits for a decision").await;
    browser.press([ENTER]).await;
    browser.tab_to(&format!("X3 {code}")).await;
    browser.press([ENTER]).await;
    until("the record is shown", || async {
        let text = browser.text().await;
        text.contains("Say which value is right.").then_some(())
    })
    .await;
    browser.tab_to("Set to").await;
    browser.press([DOWN, DOWN]).await;
    browser.tab_to("Write and look again").await;
    browser.press([SPACE]).await;
    until("it is said to be done", || async {
        let text = browser.text().await;
        text.contains("was changed and is looked at again")
            .then_some(())
    })
    .await;
    until("the value is in X3", || async {
        let customer = site.x3.customer("SEED", &code).unwrap().unwrap();
        (customer.european_union_vat_number == "FR22222222222").then_some(())
    })
    .await;
    browser.close().await;
    assert!(running.stop().await.success());
}

/// A view can be read and used in light and dark, on wide and narrow screens.
async fn assert_readable(browser: &Browser, admin: &str, name: &str, path: &str) {
    for (scheme, width) in [("light", 1280), ("dark", 1280), ("light", 400)] {
        browser.prefer(scheme).await;
        browser.resize(width, 1000).await;
        browser.go(&format!("{admin}{path}")).await;
        // Its status is a complaint of the browser's own.
        if name == "refused" {
            browser.complaints().await;
        }
        let shown = browser.ask("return matchMedia('(prefers-color-scheme: dark)').matches;");
        assert_eq!(shown.await, scheme == "dark");
        browser
            .ask("document.querySelectorAll('details').forEach((e) => e.open = true);")
            .await;
        assert_usable(browser, &format!("{name}, {scheme}, {width} wide")).await;
        browser.picture(&format!("{name}-{scheme}-{width}")).await;
    }
}

#[tokio::test]
async fn the_list_of_codes_can_be_read_in_light_and_dark_on_wide_and_narrow_screens() {
    let Some(browser) = Browser::open().await else {
        return;
    };
    let site = Site::settled().await;
    let stranger = json!({"Account_Name": "Sylvania Oil", "Billing_Country": "Freedonia"});
    site.zoho.create_as_user("Accounts", stranger).unwrap();
    site.configure(|text| text + SERVED);
    let running = site.start().await;
    let admin = running.admin().await;
    browser.go(&format!("{admin}/login")).await;
    browser
        .type_into("password", &format!("{PASSWORD}{ENTER}"))
        .await;
    until("the code is listed", || async {
        browser.go(&format!("{admin}/parked/codes")).await;
        browser.text().await.contains("Freedonia").then_some(())
    })
    .await;
    assert_readable(&browser, &admin, "codes", "/parked/codes").await;
    browser.close().await;
    assert!(running.stop().await.success());
}

#[tokio::test]
async fn every_view_can_be_read_in_light_and_dark_on_wide_and_narrow_screens() {
    let Some(browser) = Browser::open().await else {
        return;
    };
    let (_site, running, code) = with_conflict().await;
    let admin = running.admin().await;
    browser.go(&format!("{admin}/login")).await;
    for scheme in ["light", "dark"] {
        browser.prefer(scheme).await;
        assert_usable(&browser, "login").await;
        browser.picture(&format!("login-{scheme}")).await;
    }
    browser
        .type_into("password", &format!("{PASSWORD}{ENTER}"))
        .await;
    until("the record is parked", || async {
        browser.go(&admin).await;
        let text = browser.text().await;
        text.contains("1 record waits for a decision").then_some(())
    })
    .await;
    let about = format!("flow=customers&side=left&id={code}");
    for (name, path) in [
        ("overview", "/".to_owned()),
        ("parked", "/parked".to_owned()),
        ("record", format!("/parked/record?{about}")),
        ("pairs", "/pair".to_owned()),
        ("pair", format!("/pair?{about}")),
        ("history", format!("/pair/history?{about}&field=vat_number")),
        ("audit", "/audit".to_owned()),
        ("plans", "/plans".to_owned()),
        ("refused", "/pair?flow=none&side=left&id=1".to_owned()),
    ] {
        assert_readable(&browser, &admin, name, &path).await;
    }
    browser.close().await;
    assert!(running.stop().await.success());
}
