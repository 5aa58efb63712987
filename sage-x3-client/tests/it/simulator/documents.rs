//! Orders and what follows from them.

use rust_decimal::Decimal;
use sage_x3_client::{
    ChangeSource, Changes, Error, Filter, NewSalesOrder, NewSalesOrderLine, OrderTypeCode,
    ProductCode, PurchaseOrder, Query, RecordErrorKind, SalesOrder, SalesOrderId,
    SalesOrderLineChange, SalesOrderLinePatch, SalesOrderLinesName, SalesOrderPatch, SiteCode,
    WritePath,
};
use sage_x3_simulator::{
    CustomerSeed, Effect, Fault, Operation, OperationState, RecordSeed, SalesOrderLines,
};

use super::*;

/// A customer and two products that cost 22 and 3.5.
async fn shop(builder: X3SimulatorBuilder, configure: fn(SiteConfig) -> SiteConfig) -> Site {
    let site = site_with(builder, configure).await;
    site.x3
        .seed_customers(DEFAULT_ENDPOINT, [CustomerSeed::new("NA001", "Bakery")])
        .unwrap();
    for (code, price) in [("BMS001", "22"), ("BMS002", "3.5")] {
        let product = RecordSeed::product(code, "Flour").set("basePrice", price);
        let records = [product, RecordSeed::product_site(code, "FR011")];
        site.x3.seed(DEFAULT_ENDPOINT, records).unwrap();
    }
    site
}

async fn plain() -> Site {
    shop(X3Simulator::builder(), |config| config).await
}

fn order(reference: &str) -> NewSalesOrder {
    let line = |product: &str, quantity: &str| {
        NewSalesOrderLine::new(
            ProductCode::new(product).unwrap(),
            quantity.parse().unwrap(),
        )
    };
    NewSalesOrder::new(SiteCode::new("FR011").unwrap(), code("NA001"))
        .values(SalesOrderPatch::new().customer_order_reference(reference))
        .line(line("BMS001", "2"))
        .line(line("BMS002", "10").gross_price("3.25".parse().unwrap()))
}

#[tokio::test]
async fn an_order_is_created_numbered_and_read_back_with_what_x3_added() {
    let Site {
        x3: _x3, client, ..
    } = plain().await;
    let created = client.sales_orders().create(&order("Z-1")).await.unwrap();
    assert_eq!(created.path, WritePath::Graphql);
    let order = created.record.record().expect("read back");
    assert_eq!(order.id, created.key);
    assert_eq!(order.customer_order_reference, "Z-1");
    assert_eq!(order.currency.as_ref().unwrap().as_str(), "EUR");
    assert_eq!(order.order_status.as_deref(), Some("open"));
    // 2 × 22 + 10 × 3.25.
    assert_eq!(
        order.lines_amount_excluding_tax.unwrap().normalize(),
        Decimal::new(765, 1)
    );
    let lines = client
        .sales_orders()
        .lines(std::slice::from_ref(&created.key))
        .await
        .unwrap();
    let lines = &lines[&created.key];
    let numbers: Vec<_> = lines.iter().map(|line| line.line_number.unwrap()).collect();
    assert_eq!(numbers, [1000, 2000]);
    assert_eq!(
        lines[1].gross_price.unwrap().normalize(),
        Decimal::new(325, 2)
    );
    assert_eq!(lines[1].quantity_ordered.unwrap().normalize(), Decimal::TEN);
    assert_eq!(lines[0].sales_unit.as_ref().unwrap().as_str(), "UN");
}

#[tokio::test]
async fn the_lines_may_have_their_other_name() {
    let builder = X3Simulator::builder()
        .settings(|settings| settings.sales_order_lines = SalesOrderLines::Lines);
    let Site {
        x3: _x3, client, ..
    } = shop(builder, |config| {
        config.sales_order_lines(SalesOrderLinesName::Lines)
    })
    .await;
    let created = client.sales_orders().create(&order("Z-1")).await.unwrap();
    let lines = client
        .sales_orders()
        .lines(std::slice::from_ref(&created.key))
        .await
        .unwrap();
    assert_eq!(lines[&created.key].len(), 2);
}

#[tokio::test]
async fn a_wrong_name_for_the_lines_writes_nothing_and_says_which_setting_to_change() {
    let builder = X3Simulator::builder()
        .settings(|settings| settings.sales_order_lines = SalesOrderLines::Lines);
    let Site { x3, client, .. } = shop(builder, |config| config).await;
    let error = client
        .sales_orders()
        .create(&order("Z-1"))
        .await
        .unwrap_err();
    assert!(!error.may_have_been_applied());
    assert!(
        error.to_string().contains("SiteConfig::sales_order_lines"),
        "{error}"
    );
    assert!(
        x3.records(DEFAULT_ENDPOINT, "salesOrder")
            .unwrap()
            .is_empty()
    );
}

#[tokio::test]
async fn a_chosen_number_makes_a_repeated_create_safe() {
    let Site {
        x3: _x3, client, ..
    } = plain().await;
    let id = SalesOrderId::new("ZOHO-0001").unwrap();
    let new = order("Z-1")
        .order_type(OrderTypeCode::new("SOM").unwrap())
        .id(id.clone());
    assert_eq!(client.sales_orders().create(&new).await.unwrap().key, id);
    let Err(Error::Rejected { error, .. }) = client.sales_orders().create(&new).await else {
        panic!("a second order with the same number");
    };
    assert_eq!(error.kind, RecordErrorKind::AlreadyExists);
}

#[tokio::test]
async fn after_a_lost_answer_the_order_is_found_by_the_customers_reference() {
    let Site { x3, client, .. } = plain().await;
    x3.inject(Fault::new(Effect::DropAfter).on_mutations());
    let error = client
        .sales_orders()
        .create(&order("Z-7"))
        .await
        .unwrap_err();
    assert!(error.may_have_been_applied(), "{error}");
    let found = client
        .sales_orders()
        .by_customer_reference(&code("NA001"), "Z-7")
        .await
        .unwrap();
    assert_eq!(found.len(), 1);
    let none = client
        .sales_orders()
        .by_customer_reference(&code("NA001"), "Z-\"}7")
        .await
        .unwrap();
    assert!(none.is_empty());
    assert_eq!(x3.records(DEFAULT_ENDPOINT, "salesOrder").unwrap().len(), 1);
}

#[tokio::test]
async fn an_order_of_a_customer_who_is_not_there_is_refused() {
    let Site {
        x3: _x3, client, ..
    } = plain().await;
    let new = NewSalesOrder::new(SiteCode::new("FR011").unwrap(), code("NOBODY"));
    let Err(Error::Rejected { error, .. }) = client.sales_orders().create(&new).await else {
        panic!("an order of nobody");
    };
    assert_eq!(error.kind, RecordErrorKind::Refused);
    assert!(!error.may_have_been_applied);
}

#[tokio::test]
async fn an_operation_that_is_not_activated_is_named() {
    let Site { x3, client, .. } = plain().await;
    for state in [OperationState::Absent, OperationState::NotActivated] {
        x3.set_operation("salesOrder", Operation::Create, state);
        let error = client
            .sales_orders()
            .create(&order("Z-1"))
            .await
            .unwrap_err();
        assert!(
            matches!(&error, Error::NotActivated { node, operation, .. } if node == "SalesOrder" && operation == "create"),
            "{state:?}: {error}"
        );
        assert!(!error.may_have_been_applied());
    }
}

#[tokio::test]
async fn a_delivery_and_an_invoice_show_in_the_order_and_lead_back_to_it() {
    let Site { x3, clock, client } = plain().await;
    let id = client
        .sales_orders()
        .create(&order("Z-1"))
        .await
        .unwrap()
        .key;
    let before = client.sales_orders().read(&id).await.unwrap().unwrap();
    x3.clock().advance(std::time::Duration::from_secs(60));
    clock.advance(std::time::Duration::from_secs(60));
    let stock = RecordSeed::stock("FR011", 1, "BMS001", 40);
    let other = RecordSeed::stock("FR011", 2, "BMS002", 40);
    x3.seed(DEFAULT_ENDPOINT, [stock, other]).unwrap();
    let delivery = x3.deliver(DEFAULT_ENDPOINT, id.as_str(), None).unwrap();
    let invoice = x3.invoice(DEFAULT_ENDPOINT, &delivery).unwrap();

    let order = client.sales_orders().read(&id).await.unwrap().unwrap();
    assert_eq!(order.delivery_status.as_deref(), Some("delivered"));
    assert_eq!(order.invoiced_status.as_deref(), Some("invoiced"));

    let deliveries = client
        .sales_deliveries()
        .page(&Query::new())
        .await
        .unwrap()
        .items;
    assert_eq!(deliveries.len(), 1);
    assert_eq!(deliveries[0].id.as_str(), delivery);
    let lines = client
        .sales_deliveries()
        .lines(&[deliveries[0].id.clone()])
        .await
        .unwrap();
    let lines = &lines[&deliveries[0].id];
    assert_eq!(lines.len(), 2);
    assert!(
        lines
            .iter()
            .all(|line| line.sales_order.as_ref() == Some(&id))
    );

    let invoices = client
        .sales_invoices()
        .page(&Query::new())
        .await
        .unwrap()
        .items;
    assert_eq!(invoices[0].id.as_str(), invoice);
    assert!(invoices[0].total_amount_including_tax.is_some());
    let lines = client
        .sales_invoices()
        .lines(&[invoices[0].id.clone()])
        .await
        .unwrap();
    assert_eq!(lines[&invoices[0].id].len(), 2);
    let header = client
        .customer_invoice_headers()
        .read(&invoices[0].id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        header.total_amount_including_tax,
        invoices[0].total_amount_including_tax
    );

    // The lines' own stamps lead to the order.
    let changes = Changes::of(ChangeSource::SalesOrderLine)
        .since(before.updated_at.unwrap() + jiff::SignedDuration::from_secs(1));
    let changed = client.sales_orders().changed(&changes).await.unwrap().items;
    assert!(!changed.is_empty());
    assert!(changed.iter().all(|change| change.key == id));
}

#[tokio::test]
async fn the_lines_of_many_orders_are_one_list() {
    let Site { x3, client, .. } = plain().await;
    let batch = client
        .sales_orders()
        .create_many(&[order("Z-1"), order("Z-2"), order("Z-3")])
        .await;
    let ids: Vec<SalesOrderId> = batch
        .rows
        .into_iter()
        .map(|row| row.unwrap().value)
        .collect();
    let before = x3.counters().requests;
    let lines = client.sales_orders().lines(&ids).await.unwrap();
    assert_eq!(x3.counters().requests - before, 1);
    assert!(ids.iter().all(|id| lines[id].len() == 2));
}

#[tokio::test]
async fn orders_are_swept_by_key_in_either_generation() {
    for generation in [
        sage_x3_client::Generation::Gen2,
        sage_x3_client::Generation::Gen3,
    ] {
        let simulated = match generation {
            sage_x3_client::Generation::Gen2 => sage_x3_simulator::Generation::Two,
            _ => sage_x3_simulator::Generation::Three,
        };
        let builder = X3Simulator::builder().generation(simulated);
        let configure = match generation {
            sage_x3_client::Generation::Gen2 => {
                |config: SiteConfig| config.generation(sage_x3_client::Generation::Gen2)
            }
            _ => |config: SiteConfig| config,
        };
        let Site {
            x3: _x3, client, ..
        } = shop(builder, configure).await;
        let batch = client
            .sales_orders()
            .create_many(&[order("Z-1"), order("Z-2")])
            .await;
        let mut written: Vec<SalesOrderId> = batch
            .rows
            .into_iter()
            .map(|row| row.unwrap().value)
            .collect();
        written.sort();
        let mut pages = client
            .sales_orders()
            .keys_pages(Filter::everything(), sage_x3_client::PageSize::new(1));
        let mut found = Vec::new();
        while let Some(page) = futures::StreamExt::next(&mut pages).await {
            found.extend(page.unwrap().items.into_iter().map(|change| change.key));
        }
        assert_eq!(found, written);
    }
}

#[tokio::test]
async fn a_purchase_order_has_its_lines_supplier_and_state() {
    let Site { x3, client, .. } = plain().await;
    let line = |quantity: i64| {
        RecordSeed::new("purchaseOrderLine")
            .set("product", "BMS001")
            .set("quantityInOrderUnitOrdered", Decimal::from(quantity))
    };
    let order = RecordSeed::new("purchaseOrder")
        .set("purchaseSite", "FR011")
        .set("orderFromSupplier", "SUP01")
        .row("purchaseOrderLines", line(10))
        .row("purchaseOrderLines", line(2));
    let supplier = RecordSeed::supplier("SUP01", "Mill").set("country", "BE");
    x3.seed(DEFAULT_ENDPOINT, [supplier, order]).unwrap();
    let page = client
        .purchase_orders()
        .page(&Query::<PurchaseOrder>::new().with_lines())
        .await
        .unwrap();
    let order = &page.items[0];
    assert_eq!(order.supplier.as_ref().unwrap().as_str(), "SUP01");
    assert_eq!(order.is_closed, Some(false));
    let quantities: Vec<_> = order
        .lines
        .as_ref()
        .unwrap()
        .iter()
        .map(|line| line.quantity_ordered.unwrap().normalize())
        .collect();
    assert_eq!(quantities, [Decimal::TEN, Decimal::TWO]);
    let again = client
        .purchase_orders()
        .read(&order.id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(again.lines.unwrap().len(), 2);
}

#[tokio::test]
async fn an_order_is_changed_and_only_where_stated() {
    let Site {
        x3: _x3, client, ..
    } = plain().await;
    let id = client
        .sales_orders()
        .create(&order("Z-1"))
        .await
        .unwrap()
        .key;
    let patch = SalesOrderPatch::new().customer_order_reference("Z-2");
    let outcome = client.sales_orders().update(&id, &patch).await.unwrap();
    assert_eq!(
        (outcome.value, outcome.path),
        (id.clone(), WritePath::Graphql)
    );
    let order: SalesOrder = client.sales_orders().read(&id).await.unwrap().unwrap();
    assert_eq!(order.customer_order_reference, "Z-2");
    assert_eq!(order.number_of_lines, Some(2));
}

#[tokio::test]
async fn lines_of_an_order_are_changed_removed_and_added() {
    let Site {
        x3: _x3, client, ..
    } = plain().await;
    let id = client
        .sales_orders()
        .create(&order("Z-1"))
        .await
        .unwrap()
        .key;
    let added = NewSalesOrderLine::new(ProductCode::new("BMS002").unwrap(), Decimal::TWO);
    let patch = SalesOrderPatch::new()
        .line(SalesOrderLineChange::Update(
            1000,
            SalesOrderLinePatch::new().quantity(Decimal::from(7)),
        ))
        .line(SalesOrderLineChange::Remove(2000))
        .line(SalesOrderLineChange::Add(added));
    client.sales_orders().update(&id, &patch).await.unwrap();
    let lines = client
        .sales_orders()
        .lines(std::slice::from_ref(&id))
        .await
        .unwrap();
    let found: Vec<_> = lines[&id]
        .iter()
        .map(|line| {
            let product = line.product.as_ref().unwrap().as_str();
            (product, line.quantity_ordered.unwrap().normalize())
        })
        .collect();
    assert_eq!(
        found,
        [("BMS001", Decimal::from(7)), ("BMS002", Decimal::TWO)]
    );
    let gone = SalesOrderPatch::new().line(SalesOrderLineChange::Remove(9000));
    let refused = client.sales_orders().update(&id, &gone).await.unwrap_err();
    let Error::Rejected { error, .. } = refused else {
        panic!("{refused}")
    };
    assert_eq!(error.kind, RecordErrorKind::Refused);
}

/// A site as of 2021: keys of `read` are plain text and the lines of purchase orders have their former name.
async fn of_2021(configure: fn(SiteConfig) -> SiteConfig) -> Site {
    let builder = X3Simulator::builder()
        .generation(sage_x3_simulator::Generation::Two)
        .settings(|settings| {
            settings.read_takes_string = true;
            settings.purchase_order_quantity_lines = true;
        });
    let site = site_with(builder, configure).await;
    let line = RecordSeed::new("purchaseOrderLine")
        .set("product", "BMS001")
        .set("quantityInOrderUnitOrdered", "10");
    let order = RecordSeed::new("purchaseOrder")
        .set("purchaseSite", "FR011")
        .set("orderFromSupplier", "SUP01")
        .row("purchaseOrderQuantityLines", line);
    let records = [
        RecordSeed::supplier("SUP01", "Mill"),
        RecordSeed::product("BMS001", "Flour"),
        order,
    ];
    site.x3.seed(DEFAULT_ENDPOINT, records).unwrap();
    site
}

async fn lines_of_the_purchase_order(client: &X3Client) {
    let page = client
        .purchase_orders()
        .page(&Query::<PurchaseOrder>::new().with_children())
        .await
        .unwrap();
    let order = &page.items[0];
    assert_eq!(order.lines.as_ref().unwrap().len(), 1);
    let again = client.purchase_orders().read(&order.id).await.unwrap();
    assert_eq!(again.unwrap().lines.unwrap().len(), 1);
    let supplier = order.supplier.clone().unwrap();
    let supplier = client.suppliers().read(&supplier).await.unwrap().unwrap();
    assert_eq!(supplier.company_name_1, "Mill");
}

#[tokio::test]
async fn a_site_of_2021_is_read_by_the_same_calls_and_its_former_names_are_learnt_once() {
    let site = of_2021(|config| config.generation(sage_x3_client::Generation::Gen2)).await;
    lines_of_the_purchase_order(&site.client).await;
    let asked = site.x3.counters().requests;
    lines_of_the_purchase_order(&site.client).await;
    assert_eq!(site.x3.counters().requests - asked, 3);
    let node = site.client.node("x3Purchasing", "purchaseOrder").unwrap();
    let id = sage_x3_client::RecordId::new("POHFR01100001").unwrap();
    let found = node
        .read(&id, &sage_x3_client::dynamic::Selection::new())
        .await;
    assert!(found.unwrap().is_some());
}

#[tokio::test]
async fn what_the_field_map_says_need_not_be_learnt() {
    let site = of_2021(|config| {
        config
            .generation(sage_x3_client::Generation::Gen2)
            .field_map(sage_x3_client::FieldMap::release_2021())
    })
    .await;
    let page = Query::<PurchaseOrder>::new().with_children();
    let page = site.client.purchase_orders().page(&page).await.unwrap();
    site.client
        .purchase_orders()
        .read(&page.items[0].id)
        .await
        .unwrap();
    assert_eq!(site.x3.counters().requests, 2);
}
