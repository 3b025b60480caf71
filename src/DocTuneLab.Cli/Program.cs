using DocTuneLab.Cli;

return await CommandLine.RunAsync(args);
