Console.WriteLine("doctune");
