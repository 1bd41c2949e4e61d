//! From the search to the return: what customers and logistics do, over real sockets.

mod support;

use serde_json::json;
use support::start;

#[test]
fn a_search_finds_pages_and_categories() {
    let shop = start();
    let all = shop.get("/products").json();
    assert_eq!(
        (&all["total"], &all["pages"], &all["page"]),
        (&json!(60), &json!(3), &json!(1))
    );
    assert_eq!(all["items"].as_array().map(Vec::len), Some(20));

    let first = &all["items"][0];
    let word = first["name"]
        .as_str()
        .and_then(|name| name.split(' ').next())
        .expect("a word");
    // The last letter may be missing, and case does not matter.
    let prefix = word[..word.len() - 1].to_uppercase();
    let found = shop
        .get(&format!("/products?query={prefix}&per_page=100"))
        .json();
    let items = found["items"].as_array().expect("a list");
    assert!(items.contains(first), "{found}");
    assert!(items.len() < 60);

    let category = first["category"]
        .as_str()
        .expect("a category")
        .replace(' ', "%20");
    let same = shop
        .get(&format!("/products?category={category}&per_page=100"))
        .json();
    for item in same["items"].as_array().expect("a list") {
        assert_eq!(item["category"], first["category"]);
    }
    assert_eq!(shop.get("/products?query=zzzznothing").json()["total"], 0);
    assert_eq!(
        shop.get("/products?query=%22%20OR%201%3D1--").json()["total"],
        0
    );
    assert_eq!(shop.get("/products?query=**").json()["total"], 0);
    shop.get("/products?per_page=101")
        .assert_problem(400, "invalid_page");
    shop.get("/products?page=0")
        .assert_problem(400, "invalid_page");
    shop.get("/products?page=x")
        .assert_problem(400, "invalid_query");
    let long = "a".repeat(101);
    shop.get(&format!("/products?query={long}"))
        .assert_problem(400, "query_too_long");
    shop.get("/products/61")
        .assert_problem(404, "product_not_found");
    shop.get("/products/0")
        .assert_problem(404, "product_not_found");
    shop.get("/products/x").assert_problem(404, "not_found");
}

#[test]
fn a_cart_becomes_an_order_that_is_shipped_and_returned() {
    let shop = start();
    let before = (shop.stock(1), shop.stock(2));
    let cart = shop.cart_of(&[(1, 2), (2, 1)]);
    let shown = shop.get(&format!("/carts/{cart}"));
    assert_eq!(shown.header("cache-control"), Some("no-store"));
    let price = |id: u32| shop.get(&format!("/products/{id}")).json()["price_cents"].as_u64();
    let total = 2 * price(1).expect("a price") + price(2).expect("a price");
    assert_eq!(shown.json()["total_cents"], total);

    let order = shop.order(&cart);
    assert_eq!(order.status, 201);
    let (id, json) = (order.json()["id"].clone(), order.json());
    assert_eq!(
        order.header("location"),
        Some(format!("/orders/{id}").as_str())
    );
    assert_eq!(
        (&json["state"], &json["total_cents"]),
        (&json!("placed"), &json!(total))
    );
    assert_eq!((shop.stock(1), shop.stock(2)), (before.0 - 2, before.1 - 1));
    shop.order(&cart)
        .assert_problem(409, "cart_already_ordered");
    let late = shop.put(&format!("/carts/{cart}/items/1"), json!({ "quantity": 1 }));
    late.assert_problem(409, "cart_already_ordered");

    let weight = |id: u32| shop.get(&format!("/products/{id}")).json()["weight_g"].as_u64();
    let items_g = 2 * weight(1).expect("a weight") + weight(2).expect("a weight");
    let parcel = shop.get(&format!("/orders/{id}/weight")).json();
    assert_eq!(parcel["items_g"], items_g);
    assert_eq!(parcel["packaging_g"], 120 + 3 * 15);
    assert_eq!(parcel["total_g"], items_g + 165);

    shop.post(&format!("/orders/{id}/return"), None)
        .assert_problem(409, "order_not_shipped");
    let shipment = json!({ "carrier": "Post", "tracking": "RR123" });
    let ship = format!("/orders/{id}/ship");
    let shipped = shop.post(&ship, Some(shipment.clone())).json();
    assert_eq!(
        (&shipped["state"], &shipped["carrier"]),
        (&json!("shipped"), &json!("Post"))
    );
    shop.post(&ship, Some(shipment))
        .assert_problem(409, "order_already_shipped");
    let cancel = format!("/orders/{id}/cancel");
    shop.post(&cancel, None)
        .assert_problem(409, "order_already_shipped");
    let returned = shop.post(&format!("/orders/{id}/return"), None).json();
    assert_eq!(returned["state"], "returned");
    assert_eq!((shop.stock(1), shop.stock(2)), before);
    shop.post(&cancel, None)
        .assert_problem(409, "order_returned");
}

#[test]
fn a_placed_order_can_be_cancelled_once() {
    let shop = start();
    let before = shop.stock(3);
    let order = shop.order(&shop.cart_of(&[(3, 4)])).json();
    assert_eq!(shop.stock(3), before - 4);
    let cancel = format!("/orders/{}/cancel", order["id"]);
    assert_eq!(shop.post(&cancel, None).json()["state"], "cancelled");
    assert_eq!(shop.stock(3), before);
    shop.post(&cancel, None)
        .assert_problem(409, "order_cancelled");
    assert_eq!(shop.stock(3), before);
    let shipment = json!({ "carrier": "Post", "tracking": "1" });
    let ship = format!("/orders/{}/ship", order["id"]);
    shop.post(&ship, Some(shipment))
        .assert_problem(409, "order_cancelled");
}

#[test]
fn an_order_takes_all_of_its_stock_or_none() {
    let shop = start();
    assert_eq!(
        shop.put("/inventory/1", json!({ "stock": 5 })).json()["stock"],
        5
    );
    shop.put("/inventory/2", json!({ "stock": 1 }));
    let refused = shop.order(&shop.cart_of(&[(1, 3), (2, 2)]));
    refused.assert_problem(409, "out_of_stock");
    let problem = refused.json();
    assert_eq!(
        (&problem["product_id"], &problem["available"]),
        (&json!(2), &json!(1))
    );
    assert_eq!((shop.stock(1), shop.stock(2)), (5, 1));
    assert_eq!(shop.get("/orders").json()["items"], json!([]));
}

#[test]
fn stock_is_never_oversold_by_concurrent_orders() {
    let shop = start();
    shop.put("/inventory/1", json!({ "stock": 10 }));
    let carts: Vec<String> = (0..24).map(|_| shop.cart_of(&[(1, 1)])).collect();
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let shop = &shop;
        let orders: Vec<_> = carts
            .iter()
            .map(|cart| scope.spawn(move || shop.order(cart).status))
            .collect();
        orders
            .into_iter()
            .map(|order| order.join().expect("no order panics"))
            .collect()
    });
    assert_eq!(statuses.iter().filter(|status| **status == 201).count(), 10);
    assert_eq!(statuses.iter().filter(|status| **status == 409).count(), 14);
    assert_eq!(shop.stock(1), 0);
}

#[test]
fn carts_and_orders_belong_to_their_customer() {
    let shop = start();
    let ann = [("X-Customer", "ann")];
    let ben = [("X-Customer", "ben")];
    let cart = shop.send("POST", "/carts", &ann, None).json();
    assert_eq!(cart["customer"], "ann");
    let target = format!("/carts/{}", cart["id"].as_str().expect("an id"));
    assert_eq!(shop.get_with(&target, &ann).status, 200);
    shop.get_with(&target, &ben)
        .assert_problem(404, "cart_not_found");
    shop.get(&target).assert_problem(404, "cart_not_found");

    let item = format!("{target}/items/1");
    shop.send("PUT", &item, &ann, Some(json!({ "quantity": 1 })));
    let body = json!({ "cart_id": cart["id"] });
    shop.send("POST", "/orders", &ben, Some(body.clone()))
        .assert_problem(404, "cart_not_found");
    let order = shop.send("POST", "/orders", &ann, Some(body)).json();
    let target = format!("/orders/{}", order["id"]);
    shop.get_with(&target, &ben)
        .assert_problem(404, "order_not_found");
    let cancel = format!("{target}/cancel");
    shop.send("POST", &cancel, &ben, None)
        .assert_problem(404, "order_not_found");
    assert_eq!(
        shop.get_with("/orders", &ann).json()["items"][0]["id"],
        order["id"]
    );
    assert_eq!(shop.get_with("/orders", &ben).json()["items"], json!([]));
    let spaced = [("X-Customer", "ann smith")];
    shop.get_with("/orders", &spaced)
        .assert_problem(400, "invalid_customer");
    let twice = [("X-Customer", "ann"), ("X-Customer", "ben")];
    shop.get_with("/orders", &twice)
        .assert_problem(400, "invalid_customer");
}

#[test]
fn what_is_out_of_bounds_is_refused() {
    let shop = start();
    let cart = shop.cart_of(&[]);
    shop.order(&cart).assert_problem(409, "cart_empty");
    shop.order("nothing").assert_problem(404, "cart_not_found");
    let item = format!("/carts/{cart}/items/1");
    for quantity in [0, 100] {
        shop.put(&item, json!({ "quantity": quantity }))
            .assert_problem(422, "invalid_quantity");
    }
    shop.put(&item, json!({ "quantity": -1 }))
        .assert_problem(422, "invalid_body");
    shop.put(&item, json!({ "count": 1 }))
        .assert_problem(422, "invalid_body");
    let unknown = format!("/carts/{cart}/items/999");
    shop.put(&unknown, json!({ "quantity": 1 }))
        .assert_problem(404, "product_not_found");
    shop.put("/inventory/1", json!({ "stock": 1_000_001 }))
        .assert_problem(422, "invalid_stock");
    shop.put("/inventory/999", json!({ "stock": 1 }))
        .assert_problem(404, "product_not_found");

    let headers = [
        ("Content-Type", "application/json"),
        ("Content-Length", "1"),
    ];
    let broken = "POST /orders HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n".to_owned()
        + &headers
            .map(|(name, value)| format!("{name}: {value}\r\n"))
            .concat()
        + "\r\n{";
    let answer = support::raw(shop.address, broken.as_bytes());
    support::Answer::parse(&answer, "POST").assert_problem(400, "malformed_json");
    shop.post("/orders", None)
        .assert_problem(415, "unsupported_media_type");
    let huge = json!({ "cart_id": "x".repeat(70_000) });
    shop.post("/orders", Some(huge))
        .assert_problem(413, "body_too_large");
    shop.post("/products", None)
        .assert_problem(405, "method_not_allowed");
    shop.get("/nothing").assert_problem(404, "not_found");
}
