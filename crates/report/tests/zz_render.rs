mod sample;
#[test]
fn out() {
    std::fs::write(
        "/tmp/drill.html",
        keyferry_report::html(&keyferry_report::views::drill(&sample::evidence())),
    )
    .expect("x");
    std::fs::write(
        "/tmp/inv.html",
        keyferry_report::html(&keyferry_report::views::inventory(&sample::inventory())),
    )
    .expect("x");
}
