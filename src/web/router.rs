//! Every route of the portal in one table, each with its access class.

use super::{
    api, assets,
    body_mode::{BodyMode, MAX_SIMULATION_BYTES, buffer_body},
    pages, site_files,
};
use crate::{
    app::App,
    domain::{document::MAX_ANSWERS_BYTES, receipt::MAX_RECEIPT_BYTES},
};
use axum::{
    Router, middleware,
    routing::{self, MethodRouter, get, post, put},
};

/// At most this many bytes in a posted receipt, including the form around it.
const MAX_RECEIPT_FORM_BYTES: usize = MAX_RECEIPT_BYTES + 64 * 1024;

/// Access class: who gets anything but a refusal from a route. The policy decides about the single dossier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Everyone, signed in or not.
    Anyone,
    /// Every signed-in browser; others are redirected to the sign-in page.
    SignedIn,
    /// The owner of the dossier; for others it does not exist.
    Owner,
    /// The owner, and guests for the parts shared with them; for others it does not exist.
    OwnerOrGuest,
    /// The owner; officers and auditors while the deposit is current; experts and the jury once they have to evaluate
    /// it.
    OwnerOrExaminer,
    /// Officers and auditors.
    Officer,
    /// Experts and the jury; a single dossier only those who must evaluate it.
    Evaluators,
    /// Those who examine or evaluate the dossier.
    Examiners,
    /// Operators of the service.
    Operator,
    /// Operators of the service, and the data protection officer.
    OperatorOrDpo,
    /// Programs with a token.
    Token,
    /// Everyone, where the configuration names an identity provider.
    Provider,
    /// Everyone, on a demonstration only.
    Demonstration,
}

/// A row of the table.
pub struct Route {
    /// Path with its parameters.
    pub path: &'static str,
    /// Methods, separated by spaces.
    pub methods: &'static str,
    pub access: Access,
    /// How the bodies of its requests are read.
    pub body_mode: BodyMode,
    handler: MethodRouter<App>,
}

impl Route {
    /// This route, with another body mode than the default of its access class.
    fn with_body_mode(self, body_mode: BodyMode) -> Self {
        Self { body_mode, ..self }
    }
}

fn route(methods: &'static str, path: &'static str, access: Access, handler: MethodRouter<App>) -> Route {
    let body_mode = match access {
        Access::Anyone | Access::Provider | Access::Demonstration => BodyMode::PUBLIC,
        _ => BodyMode::AUTHENTICATED,
    };
    Route { path, methods, access, body_mode, handler }
}

pub fn routes() -> Vec<Route> {
    use Access::{
        Anyone, Demonstration, Evaluators, Examiners, Officer, Operator, OperatorOrDpo, Owner, OwnerOrExaminer,
        OwnerOrGuest, Provider, SignedIn, Token,
    };
    use pages::{
        account::{self, close, export, narrow, oidc, passkey, rights, sign_in, tokens},
        applicant::{
            company_register, delete, deposit, dossiers, editor, guests, open_piece, overview, piece, preview, receipt,
            simulation, status, upload, withdraw,
        },
        examiner::{desk, interest, reviews, round},
        operator::{delivery, emergency, mails, orders},
        public::{call, legal, simulator, verify},
    };
    let mut table = vec![
        // The call, for everyone.
        route("GET", "/", Anyone, get(call::front_page)),
        route("GET", "/calls/{call}", Anyone, get(call::home)),
        route("GET", "/calls/{call}/bricks", Anyone, get(call::bricks)),
        route("GET", "/calls/{call}/bricks/{slug}", Anyone, get(call::brick)),
        route("GET", "/calls/{call}/faq", Anyone, get(call::faq)),
        route("GET", "/calls/{call}/rules", Anyone, get(call::rules)),
        route("GET", "/calls/{call}/criteria", Anyone, get(call::criteria)),
        route("GET", "/calls/{call}/interpretations", Anyone, get(call::interpretations)),
        route("GET POST", "/calls/{call}/simulator", Anyone, get(simulator::show).post(simulator::run))
            .with_body_mode(BodyMode::Buffered(MAX_SIMULATION_BYTES)),
        route("GET", "/legal", Anyone, get(legal::legal)),
        route("GET", "/privacy", Anyone, get(legal::privacy)),
        route("GET", "/accessibility", Anyone, get(legal::accessibility)),
        route("GET", "/vulnerabilities", Anyone, get(legal::vulnerabilities)),
        route("GET", "/site-map", Anyone, get(legal::site_map)),
        route("GET", "/robots.txt", Anyone, get(site_files::robots)),
        route("GET", "/sitemap.xml", Anyone, get(site_files::sitemap)),
        route("GET", "/favicon.ico", Anyone, get(site_files::favicon)),
        route("GET", "/.well-known/security.txt", Anyone, get(site_files::security)),
        route("POST", "/calls/{call}/simulations", Anyone, post(simulator::begin))
            .with_body_mode(BodyMode::Buffered(MAX_SIMULATION_BYTES)),
        route("GET POST", "/verify", Anyone, get(verify::show).post(verify::run))
            .with_body_mode(BodyMode::Buffered(MAX_RECEIPT_FORM_BYTES)),
        route("GET", "/verify/offline.html", Anyone, get(verify::offline)),
        route("GET", "/account/narrow.html", Anyone, get(narrow::show)),
        route("GET", "/.well-known/guichet-receipt-keys", Anyone, get(verify::keys)),
        route("GET", "/.well-known/biscuit-web-keys", Anyone, get(api::tokens::web_keys)),
        route("GET", "/.well-known/guichet-revoked", Anyone, get(api::tokens::revoked)),
        route("GET", "/assets/{*path}", Anyone, get(assets::asset)),
        // Signing in and out.
        route("GET POST", "/sign-in", Anyone, get(sign_in::show).post(sign_in::ask)),
        route("GET POST", "/sign-in/{secret}", Anyone, get(sign_in::confirm).post(sign_in::use_link)),
        route("POST", "/sign-in/passkey/begin", Anyone, post(passkey::begin_sign_in)),
        route("POST", "/sign-in/passkey", Anyone, post(passkey::sign_in)),
        route("GET", "/sign-in/oidc", Provider, get(oidc::redirect_to_provider)),
        route("GET", "/sign-in/oidc/callback", Provider, get(oidc::callback)),
        route("POST", "/sign-out", Anyone, post(sign_in::sign_out)),
        // One's own account.
        route("GET POST", "/account/passkeys", SignedIn, get(passkey::list).post(passkey::add)),
        route("POST", "/account/passkeys/begin", SignedIn, post(passkey::begin_adding)),
        route("POST", "/account/passkeys/{id}/name", SignedIn, post(passkey::rename)),
        route("POST", "/account/passkeys/{id}/remove", SignedIn, post(passkey::remove)),
        route("GET POST", "/account/confirm", SignedIn, get(passkey::ask_confirmation).post(passkey::confirm)),
        route("POST", "/account/confirm/begin", SignedIn, post(passkey::begin_confirming)),
        // The applicant.
        route("GET", "/dossiers", SignedIn, get(dossiers::list)),
        route(
            "GET POST",
            "/calls/{call}/simulations/{secret}",
            SignedIn,
            get(simulation::show).post(simulation::begin),
        ),
        route("POST", "/calls/{call}/rounds/{round}/dossiers", SignedIn, post(dossiers::create).get(round::list)),
        route("GET", "/dossiers/{id}", OwnerOrGuest, get(overview::show)),
        route("GET POST", "/dossiers/{id}/edit/{section}", OwnerOrGuest, get(editor::edit).post(editor::save)),
        route("POST", "/dossiers/{id}/fields", OwnerOrGuest, post(editor::save_fields)),
        route("POST", "/dossiers/{id}/company-register", OwnerOrGuest, post(company_register::look_up)),
        route("GET", "/dossiers/{id}/preview", OwnerOrGuest, get(preview::show)),
        route("GET POST", "/dossiers/{id}/pieces/{code}", OwnerOrGuest, get(piece::piece).post(piece::attach))
            .with_body_mode(BodyMode::Streamed),
        route("POST", "/dossiers/{id}/pieces/{code}/uploads", OwnerOrGuest, post(upload::begin)),
        route(
            "GET PATCH DELETE",
            "/dossiers/{id}/pieces/{code}/uploads/{upload}",
            OwnerOrGuest,
            get(upload::show).patch(upload::append).delete(upload::cancel),
        )
        .with_body_mode(BodyMode::Streamed),
        route("POST", "/dossiers/{id}/pieces/{code}/open", OwnerOrGuest, post(open_piece::draft)),
        route("POST", "/dossiers/{id}/pieces/{code}/date", OwnerOrGuest, post(piece::date_piece)),
        route("POST", "/dossiers/{id}/pieces/{code}/remove", OwnerOrGuest, post(piece::remove_piece)),
        route(
            "GET POST",
            "/dossiers/{id}/deposits",
            OwnerOrGuest,
            post(deposit::deposit).get(deposit::redirect_to_dossier),
        ),
        route("GET", "/dossiers/{id}/status", OwnerOrGuest, get(status::show)),
        route("POST", "/dossiers/{id}/carry-over", Owner, post(status::carry_over)),
        // A guest who may read the whole sees the page; only the owner withdraws.
        route("GET POST", "/dossiers/{id}/withdraw", OwnerOrGuest, get(withdraw::ask).post(withdraw::withdraw)),
        route("GET POST", "/dossiers/{id}/delete", Owner, get(delete::ask).post(delete::delete)),
        route("GET POST", "/dossiers/{id}/guests", Owner, get(guests::show).post(guests::invite)),
        route("POST", "/dossiers/{id}/guests/{delegation}/revoke", Owner, post(guests::revoke)),
        // The account page.
        route("GET", "/account", SignedIn, get(account::home::show)),
        route("GET", "/account/rights", SignedIn, get(rights::own)),
        route("GET", "/account/export", SignedIn, get(export::send)),
        route("GET POST", "/account/close", SignedIn, get(close::ask).post(close::close)),
        route("POST", "/account/sessions/{session}/end", SignedIn, post(account::home::end_session)),
        route("POST", "/account/sessions/end", SignedIn, post(account::home::end_all)),
        route("POST", "/account/tokens", SignedIn, post(tokens::make)),
        route("POST", "/account/tokens/{token}/revoke", SignedIn, post(tokens::revoke)),
        route("GET", "/dossiers/{id}/rights", OwnerOrExaminer, get(rights::on_dossier)),
        route("GET", "/receipts/{number}", OwnerOrExaminer, get(receipt::show)),
        route("GET", "/receipts/{number}/pieces/{code}", OwnerOrExaminer, get(receipt::piece)),
        route("POST", "/receipts/{number}/pieces/{code}/open", OwnerOrExaminer, post(open_piece::sealed)),
        // The officer.
        route("GET", "/calls/{call}/rounds/{round}/dossiers.csv", Officer, get(round::export::csv)),
        route("GET", "/calls/{call}/rounds/{round}/dossiers.xlsx", Officer, get(round::export::xlsx)),
        route("GET", "/calls/{call}/rounds/{round}/dossiers/{id}", Officer, get(desk::show)),
        route("POST", "/calls/{call}/rounds/{round}/dossiers/{id}/admission", Officer, post(desk::admit)),
        route(
            "POST",
            "/calls/{call}/rounds/{round}/dossiers/{id}/admission/revoke",
            Officer,
            post(desk::revoke_admission),
        ),
        route("POST", "/calls/{call}/rounds/{round}/dossiers/{id}/experts", Officer, post(desk::assign)),
        route(
            "POST",
            "/calls/{call}/rounds/{round}/dossiers/{id}/experts/{assignment}/revoke",
            Officer,
            post(desk::revoke_assignment),
        ),
        // Experts and the jury.
        route("GET", "/reviews", Evaluators, get(reviews::list)),
        route("GET", "/reviews/{id}", Evaluators, get(reviews::show)),
        route("GET POST", "/reviews/{id}/interest", Examiners, get(interest::show).post(interest::declare)),
        // Those who run the service.
        route("GET POST", "/emergency", OperatorOrDpo, get(emergency::show).post(emergency::ask)),
        route("POST", "/emergency/{request}/allow", OperatorOrDpo, post(emergency::allow)),
        route("GET", "/mails", Operator, get(delivery::list)),
        route("GET", "/orders", Operator, get(orders::list)),
        route("POST", "/orders/{request}/confirm", Operator, post(orders::confirm)),
        // The demonstration's mailbox.
        route("GET", "/demo/mails", Demonstration, get(mails::list)),
        route("GET", "/demo/mails/{id}", Demonstration, get(mails::show)),
    ];
    table.extend([
        route("GET", "/api/v1/openapi.json", Anyone, get(api::openapi::document)),
        route("GET", "/api/v1/calls/{call}", Anyone, get(api::call::show)),
        route("GET", "/api/v1/calls/{call}/dossier.schema.json", Anyone, get(api::call::schema)),
        route("POST", "/api/v1/calls/{call}/evaluation", Anyone, post(api::call::evaluate))
            .with_body_mode(BodyMode::Buffered(MAX_ANSWERS_BYTES)),
        route("POST", "/api/v1/dossiers", Token, post(api::dossier::create)),
        route("DELETE", "/api/v1/dossiers/{id}", Token, routing::delete(api::dossier::delete)),
        route(
            "GET PUT",
            "/api/v1/dossiers/{id}/document",
            Token,
            get(api::dossier::document).put(api::dossier::replace),
        ),
        route(
            "PUT OPTIONS",
            "/api/v1/dossiers/{id}/pieces/{code}",
            Token,
            put(api::dossier::attach).options(api::dossier::upload::options),
        )
        .with_body_mode(BodyMode::Streamed),
        route(
            "GET HEAD PATCH DELETE",
            "/api/v1/dossiers/{id}/pieces/{code}/uploads/{upload}",
            Token,
            get(api::dossier::upload::show).patch(api::dossier::upload::append).delete(api::dossier::upload::cancel),
        )
        .with_body_mode(BodyMode::Streamed),
        route("POST", "/api/v1/dossiers/{id}/company-register", Token, post(api::dossier::company_register::look_up)),
        route("POST", "/api/v1/dossiers/{id}/deposits", Token, post(api::dossier::deposit)),
        route("POST", "/api/v1/dossiers/{id}/carry-over", Token, post(api::dossier::carry_over)),
        route("POST", "/api/v1/service-tokens", Token, post(api::tokens::for_service)),
        route("GET", "/api/v1/receipts/{number}", Token, get(api::dossier::receipt)),
        route("GET", "/api/v1/rounds/{id}/dossiers", Token, get(api::round::list)),
    ]);
    table
}

/// Builds the router from the table.
pub fn router(app: App) -> Router {
    let router = routes().into_iter().fold(Router::new(), |router, route| {
        let body_mode = middleware::from_fn_with_state(route.body_mode, buffer_body);
        router.route(route.path, route.handler.route_layer(body_mode))
    });
    router.fallback(pages::not_found).method_not_allowed_fallback(pages::wrong_method).with_state(app)
}
