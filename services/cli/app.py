"""The command line: every command, and its function."""

from typing import Final

from services.cli.lazy import Group, application

# This package names the laboratory but never imports it; the image of a service lacks it.
COMMANDS: Final = Group(
    "An open valuation platform for CryptoPunks. Settings: environment variables PUNKCAST_…",
    {
        "migrate": "services.cli.database_commands:migrate_command",
        "import": "services.cli.import_commands:import_command",
        "decode": "services.cli.import_commands:decode_command",
        "export": "services.cli.export_command:export_command",
        "backfill": "services.cli.backfill_command:backfill_command",
        "audit": Group(
            "Comparisons of what is stored or published with its source.",
            {
                "chain": "services.cli.audit_command:chain_command",
                "log": "services.cli.log_command:log_command",
            },
        ),
        "explain": "services.cli.explain_command:explain_command",
        "verify": "services.cli.verify_command:verify_command",
        "status": "services.cli.operator_commands:status_command",
        "retention": "services.cli.retention_command:retention_command",
        "backup": "services.cli.backup_commands:backup_command",
        "restore": "services.cli.backup_commands:restore_command",
        "dead-letters": Group(
            "Messages that could not be handled.",
            {
                "show": "services.cli.dead_letter_commands:show_command",
                "replay": "services.cli.dead_letter_commands:replay_command",
                "purge": "services.cli.dead_letter_commands:purge_command",
            },
            alone="services.cli.dead_letter_commands:dead_letters_command",
        ),
        "evaluate": "lab.evaluation.command:evaluate_command",
        "backtest": "lab.backtest.command:backtest_command",
        "replay": "lab.replay.command:replay",
        "demo": "lab.demo.command:demo",
        "drill": "lab.drill.command:drill_command",
        "serve": "services.cli.serve_command:serve_command",
        "models": Group(
            "The registry of models.",
            {
                "list": "services.cli.model_commands:list_command",
                "show": "services.cli.model_commands:show_command",
                "diff": "services.cli.model_commands:diff_command",
                "lineage": "services.cli.model_commands:lineage_command",
                "champion": "services.cli.model_commands:champion_command",
                "shadows": "services.cli.model_commands:shadows_command",
                "promote": "services.cli.model_commands:promote_command",
                "rollback": "services.cli.model_commands:rollback_command",
                "quarantine": "services.cli.model_commands:quarantine_command",
                "preflight": "services.cli.database_commands:preflight_command",
                "sign": "services.cli.signing_commands:sign_command",
            },
        ),
        "decisions": Group(
            "Promotions, rejections and rollbacks, with their evidence.",
            {
                "list": "services.cli.decision_commands:list_command",
                "show": "services.cli.decision_commands:show_command",
                "verify": "services.cli.decision_commands:verify_command",
            },
            alone="services.cli.decision_commands:decisions_command",
        ),
        "policy": Group(
            "The promotion policy: typed, versioned, hashed into every decision.",
            {
                "show": "services.cli.policy_commands:show_command",
                "check": "services.cli.policy_commands:check_command",
                "diff": "services.cli.policy_commands:diff_command",
                "replay": "lab.policy_replay.command:policy_replay",
            },
        ),
        "training": Group(
            "Training requests.",
            {
                "request": "services.cli.operator_commands:request_command",
                "list": "services.cli.operator_commands:list_requests_command",
            },
        ),
        "signing-key": "services.cli.signing_commands:signing_key_command",
        "keys": Group(
            "API keys.",
            {
                "create": "services.cli.operator_commands:create_key_command",
                "list": "services.cli.operator_commands:list_keys_command",
                "rotate": "services.cli.operator_commands:rotate_key_command",
                "revoke": "services.cli.operator_commands:revoke_key_command",
            },
        ),
        "freeze": Group(
            "Freezes of automatic promotions.",
            {
                "show": "services.cli.freeze_commands:show_command",
                "add": "services.cli.freeze_commands:add_command",
                "lift": "services.cli.freeze_commands:lift_command",
            },
        ),
    },
)
app = application(COMMANDS)
