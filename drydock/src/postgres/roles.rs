//! The users of a new server, as RDS makes them: a master who may make databases
//! and roles but is no superuser, and the role that stands for what RDS adds.

use super::{
    error::Error,
    server::Spec,
    session::{Session, identifier, literal, verifier},
};

const SUPERUSER_ROLE: &str = "rds_superuser";

/// Roles that reach what lies outside the databases, which is the machine that
/// drydock runs on. RDS has nobody use them.
const OUTSIDE: &str = "'pg_execute_server_program', 'pg_read_server_files', \
    'pg_write_server_files'";

/// Sees to it that superusers alone can hand out what leads out of the server:
/// up to PostgreSQL 15, whoever makes roles hands out any but a superuser.
pub(super) async fn confine(session: &Session) -> Result<(), Error> {
    let statement =
        format!("UPDATE pg_catalog.pg_authid SET rolsuper = true WHERE rolname IN ({OUTSIDE})");
    session.run("confining the master user", &statement).await
}

/// Makes the master user and the database that was asked for.
pub(super) async fn create(session: &Session, spec: &Spec) -> Result<(), Error> {
    let master = identifier(&spec.master_username);
    let verifier = literal(&verifier(&spec.master_password));
    let statements = format!(
        "CREATE ROLE {SUPERUSER_ROLE} NOLOGIN;
         GRANT pg_monitor, pg_signal_backend, pg_read_all_settings, pg_read_all_stats,
             pg_stat_scan_tables TO {SUPERUSER_ROLE} WITH ADMIN OPTION;
         CREATE ROLE {master} LOGIN CREATEDB CREATEROLE PASSWORD {verifier};
         GRANT {SUPERUSER_ROLE} TO {master} WITH ADMIN OPTION;
         ALTER DATABASE postgres OWNER TO {master};"
    );
    confine(session).await?;
    session.run("creating the master user", &statements).await?;
    if let Some(database) = spec.database.as_deref().filter(|name| *name != "postgres") {
        let statement = format!("CREATE DATABASE {} OWNER {master}", identifier(database));
        session.run("creating the database", &statement).await?;
    }
    Ok(())
}

/// Gives a role another password, and the right to log in with it.
pub(super) async fn set_password(
    session: &Session,
    user: &str,
    password: &str,
) -> Result<(), Error> {
    let statement = format!(
        "ALTER ROLE {} LOGIN PASSWORD {}",
        identifier(user),
        literal(&verifier(password))
    );
    session.run("setting a password", &statement).await
}
